package server

import (
	"context"
	"strings"

	"anancus/internal/social/accounts"
)

// received is a function that takes one kind of activity.
type received func(ctx context.Context, in accounts.Received) error

// inboxTable says what other servers can tell us: activity, and type of its object ("" for
// any, "actor" for the actor itself, "id" for a bare address, "quote" for
// the question whether a status may be quoted, "feature" for that whether an account may be in a collection, "collection" for
// collections of accounts and what is in them, "tag" for a hashtag).
func (s *Server) inboxTable() map[[2]string]received {
	return map[[2]string]received{
		{"Create", ""}:           s.statuses.ReceiveNote,
		{"Flag", ""}:             s.moderation.ReceiveFlag,
		{"Announce", ""}:         s.statuses.ReceiveAnnounce,
		{"Like", ""}:             s.statuses.ReceiveLike,
		{"EmojiReact", ""}:       s.statuses.ReceiveReaction,
		{"Delete", "actor"}:      s.accounts.ReceiveDeleteActor,
		{"Delete", ""}:           s.deleted,
		{"QuoteRequest", ""}:     s.statuses.ReceiveQuoteRequest,
		{"Accept", "quote"}:      s.statuses.ReceiveQuoteAnswer,
		{"Reject", "quote"}:      s.statuses.ReceiveQuoteAnswer,
		{"FeatureRequest", ""}:   s.collections.ReceiveRequest,
		{"Accept", "feature"}:    s.collections.ReceiveAnswer,
		{"Reject", "feature"}:    s.collections.ReceiveAnswer,
		{"Add", "collection"}:    s.collections.ReceiveListing,
		{"Remove", "collection"}: s.collections.ReceiveListing,
		{"Update", "collection"}: s.collections.ReceiveUpdate,
		{"Update", "actor"}:      s.accounts.ReceiveUpdate,
		{"Update", ""}:           s.statuses.ReceiveUpdate,
		{"Follow", ""}:           s.relationships.ReceiveFollow,
		{"Accept", ""}:           s.answered(s.relationships.ReceiveAccept),
		{"Reject", ""}:           s.answered(s.relationships.ReceiveReject),
		{"Move", ""}:             s.relationships.ReceiveMove,
		{"Block", ""}:            s.relationships.ReceiveBlock,
		{"Add", ""}:              s.statuses.ReceivePin,
		{"Remove", ""}:           s.statuses.ReceivePin,
		{"Add", "tag"}:           s.tags.ReceiveFeatured,
		{"Remove", "tag"}:        s.tags.ReceiveFeatured,
		{"Undo", "Follow"}:       s.relationships.ReceiveUndoFollow,
		{"Undo", "Block"}:        s.relationships.ReceiveUndoBlock,
		{"Undo", "Like"}:         s.statuses.ReceiveUndoLike,
		{"Undo", "Announce"}:     s.statuses.ReceiveUndoAnnounce,
		{"Undo", "EmojiReact"}:   s.statuses.ReceiveUndoReaction,
		{"Undo", "id"}:           s.undoByID,
	}
}

// undoByID takes an Undo that names only an address: of a boost, a follow or a block (federation.md §5), or of a favourite or reaction.
func (s *Server) undoByID(ctx context.Context, in accounts.Received) error {
	for _, undo := range []received{s.relationships.ReceiveUndoFollow, s.relationships.ReceiveUndoBlock, s.statuses.ReceiveUndoLike, s.statuses.ReceiveUndoReaction} {
		if err := undo(ctx, in); err != nil {
			return err
		}
	}
	return s.statuses.ReceiveUndoAnnounce(ctx, in)
}

// deleted takes a Delete of anything but the actor itself.
func (s *Server) deleted(ctx context.Context, in accounts.Received) error {
	if done, err := s.collections.ReceiveDelete(ctx, in); done || err != nil {
		return err
	}
	return s.statuses.ReceiveDelete(ctx, in)
}

// answered takes an answer to a follow: of a relay, to whose inbox the server itself subscribed, or of a person.
func (s *Server) answered(followed received) received {
	return func(ctx context.Context, in accounts.Received) error {
		if done, err := s.relays.ReceiveAnswer(ctx, in); done || err != nil {
			return err
		}
		return followed(ctx, in)
	}
}

// receive gives an activity to the function that takes its kind. What nobody takes is ignored, as peers expect.
func (s *Server) receive(ctx context.Context, in accounts.Received) error {
	kind := in.Activity.Type()
	if s.refuses(in.Actor) { // it waited here when keepers decided about its server
		return nil
	}
	if !in.Actor.Available() && kind != "Delete" && kind != "Reject" && kind != "Undo" && kind != "Update" {
		return nil
	}
	object := ""
	embedded := in.Activity.Object("object")
	switch {
	case in.Activity.Link("object") == in.Actor.URI && (kind == "Delete" || kind == "Update"):
		object = "actor"
	case (kind == "Accept" || kind == "Reject") && (embedded.Is("QuoteRequest") || strings.Contains(in.Activity.Link("object"), "/quote_requests/")):
		object = "quote"
	case (kind == "Accept" || kind == "Reject") && (embedded.Is("FeatureRequest") || strings.Contains(in.Activity.Link("object"), "/feature_requests/")):
		object = "feature"
	case (kind == "Add" || kind == "Remove") && embedded.Is("Hashtag"):
		object = "tag"
	case (kind == "Add" || kind == "Remove") && in.Activity.Link("target") != in.Actor.FeaturedURL, kind == "Update" && embedded.Is("FeaturedCollection"):
		object = "collection"
	case kind == "Undo" && (embedded == nil || embedded.Type() == ""):
		object = "id"
	case kind == "Undo":
		object = embedded.Type()
		if by := embedded.Link("actor"); by != "" && by != in.Actor.URI {
			return nil // nobody undoes what another did
		}
	}
	if kind == "Announce" && embedded.Is("Update", "Delete") {
		return s.hearFromGroup(ctx, in.Actor, embedded)
	}
	do := s.inbound[[2]string{kind, object}]
	if do == nil {
		return nil
	}
	return do(ctx, in)
}
