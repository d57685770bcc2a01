package webpush

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

const (
	saltLength  = 16
	keyLength   = 16 // AES-128
	nonceLength = 12
	recordSize  = 4096
	lastRecord  = 2 // the delimiter of a record that is the only one (RFC 8188)
)

// sealed is an encrypted message, with what the older form has in headers.
type sealed struct {
	body, salt, sender []byte
}

// seal encrypts a message with a new key and salt.
func seal(to *Subscriber, plain []byte) (*sealed, error) {
	if len(plain) > MaxPlain {
		return nil, fmt.Errorf("a message of %d bytes cannot be pushed", len(plain))
	}
	sender, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails, by crypto/rand's word
	return sealWith(to, plain, sender, salt)
}

func sealWith(to *Subscriber, plain []byte, sender *ecdh.PrivateKey, salt []byte) (*sealed, error) {
	secret, err := sender.ECDH(to.Key)
	if err != nil {
		return nil, fmt.Errorf("the subscriber's key: %w", err)
	}
	s := &sealed{salt: salt, sender: sender.PublicKey().Bytes()}
	if to.Standard {
		err = s.standard(to, plain, secret)
	} else {
		err = s.legacy(to, plain, secret)
	}
	return s, err
}

// standard is RFC 8291: the salt and the sender's key stand before the text.
func (s *sealed) standard(to *Subscriber, plain, secret []byte) error {
	info := "WebPush: info\x00" + string(to.Key.Bytes()) + string(s.sender)
	master, err := hkdf.Key(sha256.New, secret, to.Auth, info, sha256.Size)
	if err != nil {
		return err
	}
	box, nonce, err := s.box(master, "Content-Encoding: aes128gcm\x00", "Content-Encoding: nonce\x00")
	if err != nil {
		return err
	}
	s.body = append(s.body, s.salt...)
	s.body = binary.BigEndian.AppendUint32(s.body, recordSize)
	s.body = append(s.body, byte(len(s.sender)))
	s.body = append(s.body, s.sender...)
	s.body = box.Seal(s.body, nonce, append(append([]byte{}, plain...), lastRecord), nil)
	return nil
}

// legacy is draft-ietf-webpush-encryption-04 (aesgcm): the body is the text alone, after the length of its padding.
func (s *sealed) legacy(to *Subscriber, plain, secret []byte) error {
	master, err := hkdf.Key(sha256.New, secret, to.Auth, "Content-Encoding: auth\x00", sha256.Size)
	if err != nil {
		return err
	}
	parties := "P-256\x00" + withLength(to.Key.Bytes()) + withLength(s.sender)
	box, nonce, err := s.box(master, "Content-Encoding: aesgcm\x00"+parties, "Content-Encoding: nonce\x00"+parties)
	if err != nil {
		return err
	}
	s.body = box.Seal(nil, nonce, append([]byte{0, 0}, plain...), nil)
	return nil
}

// box makes the cipher of a message and its nonce.
func (s *sealed) box(master []byte, keyInfo, nonceInfo string) (cipher.AEAD, []byte, error) {
	key, err := hkdf.Key(sha256.New, master, s.salt, keyInfo, keyLength)
	if err != nil {
		return nil, nil, err
	}
	nonce, err := hkdf.Key(sha256.New, master, s.salt, nonceInfo, nonceLength)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	box, err := cipher.NewGCM(block)
	return box, nonce, err
}

func withLength(key []byte) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(len(key)))) + string(key)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
