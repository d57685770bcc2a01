package activitypub

// ReactionOf is the emoji that an activity reacts with: the content of an
// EmojiReact, or of a Like as Misskey sends it; "" for none.
func ReactionOf(o Object) string {
	if word := o.String("_misskey_reaction"); word != "" {
		return word
	}
	return o.String("content")
}

// EmojiOf are the custom emoji that an activity brings along.
func EmojiOf(o Object) []RemoteEmoji { return readTags(o).emojis }
