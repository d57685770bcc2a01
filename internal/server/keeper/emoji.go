package keeper

import (
	"context"

	"anancus/internal/kit/control"
)

// EmojiOps looks after custom emoji.
type EmojiOps interface {
	AddEmoji(ctx context.Context, in AddEmoji) (Emoji, error)
	ListEmoji(ctx context.Context, in ListEmoji) (EmojiList, error)
	ChangeEmoji(ctx context.Context, in ChangeEmoji) (Emoji, error)
	RemoveEmoji(ctx context.Context, in EmojiName) (EmojiName, error)
	ReadEmoji(ctx context.Context, in EmojiName) (EmojiPicture, error)
	CopyEmoji(ctx context.Context, in CopyEmoji) (Emoji, error)
}

// Emoji is a custom emoji as keepers see it.
type Emoji struct {
	ID        string `json:"id"`
	Shortcode string `json:"shortcode"`
	Domain    string `json:"domain,omitempty"` // "" of ours
	Category  string `json:"category,omitempty"`
	Featured  bool   `json:"featured,omitempty"` // stands for its category
	Listed    bool   `json:"listed"`
	Disabled  bool   `json:"disabled"`
	URL       string `json:"url,omitempty"` // "" where its server's media are rejected
}

// AddEmoji asks for a new emoji.
type AddEmoji struct {
	Shortcode string `json:"shortcode"`
	Picture   []byte `json:"picture"` // PNG, GIF or WebP
	Category  string `json:"category,omitempty"`
	Unlisted  bool   `json:"unlisted,omitempty"`
	Overwrite bool   `json:"overwrite,omitempty"`
}

// ListEmoji asks for a page of emoji.
type ListEmoji struct {
	Domain   string `json:"domain,omitempty"` // "" for ours
	Remote   bool   `json:"remote,omitempty"` // of all other servers
	Category string `json:"category,omitempty"`
	After    string `json:"after,omitempty"` // as the last page said
}

// EmojiList is a page of emoji.
type EmojiList struct {
	Emoji []Emoji `json:"emoji"`
	After string  `json:"after,omitempty"` // where the next page begins; "" at the end
}

// ChangeEmoji asks to change an emoji; null leaves a thing as it is. Of one of another server only disabled can be said.
type ChangeEmoji struct {
	Name     string  `json:"name"` // shortcode, or shortcode@domain
	Picture  []byte  `json:"picture,omitempty"`
	Category *string `json:"category,omitempty"`
	Featured *bool   `json:"featured,omitempty"`
	Listed   *bool   `json:"listed,omitempty"`
	Disabled *bool   `json:"disabled,omitempty"`
}

// EmojiName asks for one emoji: shortcode, or shortcode@domain.
type EmojiName struct {
	Name string `json:"name"`
}

// EmojiPicture is an emoji with its file.
type EmojiPicture struct {
	Emoji   Emoji  `json:"emoji"`
	Type    string `json:"type"`
	Picture []byte `json:"picture"`
}

// CopyEmoji asks to make one of ours of an emoji of another server.
type CopyEmoji struct {
	Name      string `json:"name"` // shortcode@domain
	Shortcode string `json:"shortcode,omitempty"`
	Category  string `json:"category,omitempty"`
	Overwrite bool   `json:"overwrite,omitempty"`
}

func emojiHandlers(ops EmojiOps) map[string]control.Handler {
	return map[string]control.Handler{
		"emoji.add":    control.Handle(ops.AddEmoji),
		"emoji.list":   control.Handle(ops.ListEmoji),
		"emoji.change": control.Handle(ops.ChangeEmoji),
		"emoji.remove": control.Handle(ops.RemoveEmoji),
		"emoji.read":   control.Handle(ops.ReadEmoji),
		"emoji.copy":   control.Handle(ops.CopyEmoji),
	}
}

// AddEmoji makes an emoji.
func (c Client) AddEmoji(ctx context.Context, in AddEmoji) (Emoji, error) {
	return ask[Emoji](ctx, c, "emoji.add", in)
}

// ListEmoji gives a page of emoji.
func (c Client) ListEmoji(ctx context.Context, in ListEmoji) (EmojiList, error) {
	return ask[EmojiList](ctx, c, "emoji.list", in)
}

// ChangeEmoji changes an emoji.
func (c Client) ChangeEmoji(ctx context.Context, in ChangeEmoji) (Emoji, error) {
	return ask[Emoji](ctx, c, "emoji.change", in)
}

// RemoveEmoji deletes an emoji.
func (c Client) RemoveEmoji(ctx context.Context, in EmojiName) (EmojiName, error) {
	return ask[EmojiName](ctx, c, "emoji.remove", in)
}

// ReadEmoji gives an emoji with its picture.
func (c Client) ReadEmoji(ctx context.Context, in EmojiName) (EmojiPicture, error) {
	return ask[EmojiPicture](ctx, c, "emoji.read", in)
}

// CopyEmoji makes one of ours of an emoji of another server.
func (c Client) CopyEmoji(ctx context.Context, in CopyEmoji) (Emoji, error) {
	return ask[Emoji](ctx, c, "emoji.copy", in)
}
