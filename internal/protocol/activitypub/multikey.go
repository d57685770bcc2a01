package activitypub

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"

	"filippo.io/mldsa"
)

// The kinds of keys that a Multikey can be here, by their multicodec prefixes.
var (
	codecEd25519 = []byte{0xed, 0x01}
	codecRSA     = []byte{0x85, 0x24}
	codecMLDSA44 = []byte{0x90, 0x24}
)

// maxMultikey is above what an RSA key of 8192 bits and an ML-DSA-44 key take.
const maxMultikey = 1400

// ParseMultikey reads the publicKeyMultibase of a Multikey (FEP-521a): an Ed25519, an RSA or an ML-DSA-44 key.
func ParseMultikey(text string) (crypto.PublicKey, error) {
	raw, err := fromMultibase(text, maxMultikey)
	if err != nil {
		return nil, badKey(err)
	}
	if key, ok := bytes.CutPrefix(raw, codecEd25519); ok && len(key) == ed25519.PublicKeySize {
		return ed25519.PublicKey(key), nil
	}
	if encoding, ok := bytes.CutPrefix(raw, codecMLDSA44); ok {
		key, err := mldsa.NewPublicKey(mldsa.MLDSA44(), encoding)
		if err != nil {
			return nil, badKey(err)
		}
		return key, nil
	}
	der, ok := bytes.CutPrefix(raw, codecRSA)
	if !ok {
		return nil, badKey(errors.New("not Ed25519, RSA or ML-DSA-44"))
	}
	key, err := x509.ParsePKCS1PublicKey(der)
	if err != nil {
		return nil, badKey(err)
	}
	return usable(key)
}

// fromMultibase reads at most so many bytes that were written in base 58 or in base64url. How long the text may be is seen to first: reading
// base 58 takes four times as long for twice the text.
func fromMultibase(text string, most int) ([]byte, error) {
	if len(text) > 2+most*138/100 { // of base 58 a byte takes 1.366 digits, of base64url 1.334
		return nil, errors.New("too long")
	}
	if rest, ok := strings.CutPrefix(text, "z"); ok {
		return fromBase58(rest)
	}
	if rest, ok := strings.CutPrefix(text, "u"); ok {
		return base64.RawURLEncoding.DecodeString(rest)
	}
	return nil, errors.New("in no base that is known")
}

const base58Digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// fromBase58 reads Bitcoin's base 58, in which a leading zero byte is a leading 1.
func fromBase58(text string) ([]byte, error) {
	n, digit := new(big.Int), new(big.Int)
	base := big.NewInt(58)
	for _, c := range []byte(text) {
		at := strings.IndexByte(base58Digits, c)
		if at < 0 {
			return nil, errors.New("not in base 58")
		}
		n.Mul(n, base).Add(n, digit.SetInt64(int64(at)))
	}
	zeros := len(text) - len(strings.TrimLeft(text, "1"))
	return append(make([]byte, zeros), n.Bytes()...), nil
}
