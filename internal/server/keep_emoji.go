package server

import (
	"context"

	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
	"anancus/internal/social/emoji"
)

// emojiAtOnce is how many emoji a page of the keepers' list has.
const emojiAtOnce = 500

func (k *Keeper) emoji(e *emoji.Emoji) keeper.Emoji {
	return keeper.Emoji{ID: e.ID.String(), Shortcode: e.Shortcode, Domain: e.Domain, Category: e.Category, Featured: e.Featured, Listed: e.Listed, Disabled: e.Disabled,
		URL: k.server.emoji.Address(e)}
}

// AddEmoji makes an emoji.
func (k *Keeper) AddEmoji(ctx context.Context, in keeper.AddEmoji) (keeper.Emoji, error) {
	e, err := k.server.emoji.Add(ctx, emoji.Draft{Shortcode: in.Shortcode, Picture: in.Picture, Category: in.Category, Unlisted: in.Unlisted, Overwrite: in.Overwrite})
	if err != nil {
		return keeper.Emoji{}, err
	}
	return k.emoji(e), nil
}

// ListEmoji gives a page of emoji.
func (k *Keeper) ListEmoji(ctx context.Context, in keeper.ListEmoji) (keeper.EmojiList, error) {
	out := keeper.EmojiList{Emoji: []keeper.Emoji{}}
	if in.Category != "" && (in.Remote || in.Domain != "") {
		return out, fault.New(fault.Invalid, "Only emoji of this server have categories")
	}
	of, err := k.server.emoji.ParseName("@" + in.Domain)
	if err != nil {
		return out, err
	}
	after, err := k.server.emoji.ParseName(in.After)
	if err != nil {
		return out, err
	}
	list, err := k.server.emoji.List(ctx, emoji.Listing{Domain: of.Domain, Remote: in.Remote, Category: in.Category, After: after, Limit: emojiAtOnce})
	for _, e := range list {
		out.Emoji = append(out.Emoji, k.emoji(e))
	}
	if len(list) == emojiAtOnce {
		out.After = list[len(list)-1].String()
	}
	return out, err
}

// ChangeEmoji changes an emoji.
func (k *Keeper) ChangeEmoji(ctx context.Context, in keeper.ChangeEmoji) (keeper.Emoji, error) {
	name, err := k.server.emoji.ParseName(in.Name)
	if err != nil {
		return keeper.Emoji{}, err
	}
	e, err := k.server.emoji.Alter(ctx, name, emoji.Change{Picture: in.Picture, Category: in.Category, Featured: in.Featured, Listed: in.Listed, Disabled: in.Disabled})
	if err != nil {
		return keeper.Emoji{}, err
	}
	return k.emoji(e), nil
}

// RemoveEmoji deletes an emoji.
func (k *Keeper) RemoveEmoji(ctx context.Context, in keeper.EmojiName) (keeper.EmojiName, error) {
	name, err := k.server.emoji.ParseName(in.Name)
	if err != nil {
		return keeper.EmojiName{}, err
	}
	if err := k.server.emoji.Remove(ctx, name); err != nil {
		return keeper.EmojiName{}, err
	}
	return keeper.EmojiName{Name: name.String()}, nil
}

// ReadEmoji gives an emoji with its picture.
func (k *Keeper) ReadEmoji(ctx context.Context, in keeper.EmojiName) (keeper.EmojiPicture, error) {
	name, err := k.server.emoji.ParseName(in.Name)
	if err != nil {
		return keeper.EmojiPicture{}, err
	}
	e, body, err := k.server.emoji.Read(ctx, name)
	if err != nil {
		return keeper.EmojiPicture{}, err
	}
	return keeper.EmojiPicture{Emoji: k.emoji(e), Type: e.Type, Picture: body}, nil
}

// CopyEmoji makes one of ours of an emoji of another server.
func (k *Keeper) CopyEmoji(ctx context.Context, in keeper.CopyEmoji) (keeper.Emoji, error) {
	name, err := k.server.emoji.ParseName(in.Name)
	if err != nil {
		return keeper.Emoji{}, err
	}
	e, err := k.server.emoji.Adopt(ctx, name, emoji.Draft{Shortcode: in.Shortcode, Category: in.Category, Overwrite: in.Overwrite})
	if err != nil {
		return keeper.Emoji{}, err
	}
	return k.emoji(e), nil
}
