package activitypub

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"anancus/internal/kit/safehttp"
)

// SynchronizationHeader is the header by which a server tells another who there follows an actor (FEP-8fcf).
const SynchronizationHeader = "Collection-Synchronization"

// Digest tells which actors are in a part of a collection: the hashes of their ids, laid over each other, so that no order matters.
type Digest [sha256.Size]byte

// Add lays one more id over the others.
func (d *Digest) Add(id string) {
	for i, b := range sha256.Sum256([]byte(id)) {
		d[i] ^= b
	}
}

// String writes it as the header does.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Synchronization is what the header says.
type Synchronization struct {
	Collection string // the collection of followers
	Digest     string // of those on the receiver's server
	URL        string // where the receiver may read who these are
}

// String writes the header.
func (s Synchronization) String() string {
	return fmt.Sprintf(`collectionId="%s", digest="%s", url="%s"`, s.Collection, s.Digest, s.URL)
}

// ParseSynchronization reads the header; false when it is none, or cannot be.
func ParseSynchronization(header string) (Synchronization, bool) {
	params, err := signatureParams(header)
	if err != nil || header == "" {
		return Synchronization{}, false
	}
	s := Synchronization{Collection: params["collectionId"], Digest: strings.ToLower(params["digest"]), URL: params["url"]}
	raw, err := hex.DecodeString(s.Digest)
	return s, err == nil && len(raw) == sha256.Size && CheckID(s.Collection) == nil && CheckID(s.URL) == nil
}

// OriginOf gives what all ids of a server begin with: https://there.example/; "" for what is no id.
func OriginOf(id string) string {
	u, err := safehttp.ParseURL(id)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/"
}
