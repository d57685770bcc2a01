package activitypub_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
)

// TestForeignBodiesAreReadWhole reads what software that we did not write sends: each file names where its body was seen, and says all
// that is read out of it. The stories of package server show what becomes of them.
func TestForeignBodiesAreReadWhole(t *testing.T) {
	files, err := filepath.Glob("testdata/foreign/*/*.json")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d bodies, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(file, "testdata/foreign/"), ".json"), func(t *testing.T) {
			body := aptest.ReadForeign(t, file)
			if body.Seen == "" {
				t.Error("the file does not say where its body was seen")
			}
			o, err := activitypub.Parse(bytes.ReplaceAll(body.Body, []byte(`"PEM"`), pemText(t)))
			if err != nil {
				t.Fatal(err)
			}
			if !o.HasContext() {
				t.Error("it has no ActivityStreams context: servers that asked for it would refuse it")
			}
			got := aptest.Pruned(t, whatIsRead(o))
			if *update {
				body.Read = got
				body.Write(t, file)
			}
			var want bytes.Buffer
			if err := json.Compact(&want, body.Read); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want.Bytes()) {
				t.Errorf("it is read as\n%s, want\n%s", got, want.Bytes())
			}
		})
	}
}

func pemText(t *testing.T) []byte {
	t.Helper()
	text, err := json.Marshal(aptest.PEM(0))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// whatIsRead is everything that our readers make of a document: an actor, a status, or an activity with what it is about.
func whatIsRead(o activitypub.Object) map[string]any {
	read := map[string]any{}
	switch {
	case activitypub.IsActorType(o.Type()):
		actor, err := activitypub.ParseActor(o)
		if err != nil {
			return map[string]any{"refused": err.Error()}
		}
		for i := range actor.Keys {
			actor.Keys[i].Public, actor.Keys[i].PEM = nil, "PEM"
		}
		read["actor"] = actor
	case activitypub.IsNoteType(o.Type()):
		note, err := activitypub.ParseNote(o)
		if err != nil {
			return map[string]any{"refused": err.Error()}
		}
		read["note"] = note
		read["vote"] = note.IsVote()
	default:
		to, cc := activitypub.Addresses(o)
		read["activity"] = map[string]any{"type": o.Types(), "id": o.ID(), "actor": o.Link("actor"), "object": o.Links("object"),
			"target": o.Link("target"), "content": o.String("content"), "to": to, "cc": cc}
		if about := o.Object("object"); about != nil {
			read["about"] = whatIsRead(about)
		}
	}
	return read
}
