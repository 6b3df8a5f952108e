package activityrecord

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
)

// The message format is that of "AWS Encryption SDK message format reference" in the AWS
// Encryption SDK Developer Guide.
const (
	keyLength   = 32 // of the data key, and of every key derived from it
	ivLength    = 12
	tagLength   = 16
	frameHeader = 4 + ivLength

	customerData = 0x80 // the message type of version 1
	unframed     = 0x01
	framed       = 0x02
	finalFrame   = 0xFFFFFFFF // marks the last frame in place of its number

	// provider and keyName are what RDS names the wrapping key: the data key that KMS decrypts.
	provider = "BC"
	keyName  = "DataKey"

	publicKey = "aws-crypto-public-key" // the member of a message's context with the key of its signature
)

// suite is an algorithm suite: AES-256-GCM with HKDF, with or without key commitment and signature.
type suite struct {
	version   byte // of the message format; version 2 commits to the key
	messageID int  // bytes
	hash      func() hash.Hash
	signed    bool // by ECDSA with P-384 and SHA-384
}

var suites = map[uint16]suite{
	0x0178: {version: 1, messageID: 16, hash: sha256.New},
	0x0378: {version: 1, messageID: 16, hash: sha512.New384, signed: true},
	0x0478: {version: 2, messageID: 32, hash: sha512.New},
	0x0578: {version: 2, messageID: 32, hash: sha512.New, signed: true},
}

// message is a parsed message. Its slices point into the message's bytes.
type message struct {
	suite
	suiteID        []byte // 2 bytes
	id             []byte
	context        []byte // serialized; authenticated, but not secret
	wrapped        []wrappedKey
	commitment     []byte // version 2 only
	header         []byte // what the header's tag authenticates
	iv, tag        []byte // of the header
	frames         []frame
	whole          []byte // header and body: what the signature covers
	signature      []byte
	signatureKey   []byte // compressed point, as base64
	framed         bool
	plaintextBytes int

	unwrapped [keyLength]byte // scratch
	aad       []byte          // scratch
}

// wrappedKey is the message's data key, encrypted with the wrapping key.
type wrappedKey struct{ iv, ciphertext []byte }

// frame is a part of the body that is sealed on its own.
type frame struct {
	number         uint32
	final          bool
	iv, ciphertext []byte // ciphertext includes the tag
}

// zeroIV is the IV of the header of a version 2 message.
var zeroIV [ivLength]byte

var (
	errCutOff = errors.New("the message is cut off")
	errKey    = errors.New("the data key does not open the record: it is that of another record, or the record's key was changed")
	errTag    = errors.New("the message was changed: an authentication tag does not match")
)

// parse reads the structure of a message, without a key. It checks everything that needs none.
func (m *message) parse(data []byte) *DecodeError {
	*m = message{wrapped: m.wrapped[:0], frames: m.frames[:0], aad: m.aad}
	r := reader{rest: data}
	if err := m.parseHeader(&r, data); err != nil {
		return err
	}
	if r.short {
		return &DecodeError{Damaged, errCutOff}
	}
	if err := m.parseBody(&r); err != nil {
		return &DecodeError{Damaged, err}
	}
	m.whole = data[:len(data)-len(r.rest)]
	if m.signed {
		m.signature = r.bytes(int(r.uint(2)))
	}
	switch {
	case r.short:
		return &DecodeError{Damaged, errCutOff}
	case len(r.rest) > 0:
		return &DecodeError{Damaged, fmt.Errorf("%d bytes follow the message", len(r.rest))}
	}
	return nil
}

// parseHeader reads up to the header's tag. If the reader runs short, the caller reports that.
func (m *message) parseHeader(r *reader, data []byte) *DecodeError {
	damaged := func(format string, args ...any) *DecodeError {
		return &DecodeError{Damaged, fmt.Errorf(format, args...)}
	}
	version := byte(r.uint(1))
	if r.short {
		return nil
	}
	if version != 1 && version != 2 {
		return &DecodeError{Unsupported, fmt.Errorf("the message has format version %d", version)}
	}
	if version == 1 {
		if kind := r.uint(1); kind != customerData && !r.short {
			return damaged("the message has type 0x%02x", kind)
		}
	}
	m.suiteID = r.bytes(2)
	if r.short {
		return nil
	}
	id := binary.BigEndian.Uint16(m.suiteID)
	known, ok := suites[id]
	if !ok || known.version != version {
		return &DecodeError{Unsupported, fmt.Errorf("the message has algorithm suite 0x%04x in format version %d", id, version)}
	}
	m.suite = known
	m.id = r.bytes(m.messageID)
	m.context = r.bytes(int(r.uint(2)))
	count := int(r.uint(2))
	for range count {
		if err := m.parseWrapped(r); err != nil {
			return damaged("%w", err)
		}
	}
	content := r.uint(1)
	if version == 1 {
		if reserved := r.bytes(4); !r.short && !bytes.Equal(reserved, make([]byte, 4)) {
			return damaged("a reserved field of the message is not zero")
		}
		if n := r.uint(1); n != ivLength && !r.short {
			return damaged("the message has IVs of %d bytes", n)
		}
	}
	frameLength := r.uint(4)
	if version == 2 {
		m.commitment = r.bytes(keyLength)
	}
	if r.short {
		return nil
	}
	m.header = data[:len(data)-len(r.rest)]
	m.iv = zeroIV[:]
	if version == 1 {
		m.iv = r.bytes(ivLength)
	}
	m.tag = r.bytes(tagLength)

	switch m.framed = content == framed; {
	case content != framed && content != unframed:
		return damaged("the message has content type 0x%02x", content)
	case m.framed == (frameLength == 0):
		return damaged("the message has content type 0x%02x and frames of %d bytes", content, frameLength)
	case count > 0 && len(m.wrapped) == 0:
		return &DecodeError{Unsupported, errors.New("the message is sealed for another key provider")}
	case count == 0:
		return damaged("the message has no encrypted key")
	}
	m.plaintextBytes = int(frameLength)
	if err := m.parseContext(); err != nil {
		return damaged("%w", err)
	}
	return nil
}

// parseWrapped reads one encrypted key, and keeps it if it is sealed as RDS does.
func (m *message) parseWrapped(r *reader) error {
	by := r.bytes(int(r.uint(2)))
	info := reader{rest: r.bytes(int(r.uint(2)))}
	ciphertext := r.bytes(int(r.uint(2)))
	if string(by) != provider || len(info.rest) != len(keyName)+4+4+ivLength || string(info.bytes(len(keyName))) != keyName {
		return nil
	}
	tagBits, ivBytes, iv := info.uint(4), info.uint(4), info.bytes(ivLength)
	if tagBits != 8*tagLength || ivBytes != ivLength || len(ciphertext) != keyLength+tagLength {
		return errors.New("the encrypted key in the message does not have the form of an AES-GCM ciphertext")
	}
	m.wrapped = append(m.wrapped, wrappedKey{iv, ciphertext})
	return nil
}

// parseContext checks the message's own encryption context, and takes the key of the signature
// from it.
func (m *message) parseContext() error {
	if r := (reader{rest: m.context}); len(m.context) > 0 {
		for range r.uint(2) {
			name := r.bytes(int(r.uint(2)))
			value := r.bytes(int(r.uint(2)))
			if string(name) == publicKey {
				m.signatureKey = value
			}
		}
		if r.short || len(r.rest) > 0 {
			return errors.New("the message has an encryption context of the wrong length")
		}
	}
	if m.signed != (m.signatureKey != nil) {
		return errors.New("the message has an algorithm suite with a signature and no key for it, or the reverse")
	}
	return nil
}

// parseBody reads the frames. A body without frames is a single frame of any length.
func (m *message) parseBody(r *reader) error {
	frameLength := m.plaintextBytes
	m.plaintextBytes = 0
	for number := uint32(1); ; number++ {
		f := frame{number: number, final: !m.framed}
		if m.framed {
			got := r.uint(4)
			if f.final = got == finalFrame; f.final {
				got = r.uint(4)
			}
			if got != uint64(number) && !r.short {
				return fmt.Errorf("frame %d of the message has number %d", number, got)
			}
		}
		f.iv = r.bytes(ivLength)
		length := uint64(frameLength)
		switch {
		case !m.framed:
			length = r.uint(8)
		case f.final:
			if length = r.uint(4); length > uint64(frameLength) {
				return errors.New("the last frame of the message is too long")
			}
		}
		if r.short || length > uint64(len(r.rest)) {
			return errCutOff
		}
		f.ciphertext = r.bytes(int(length) + tagLength)
		if r.short {
			return errCutOff
		}
		m.plaintextBytes += int(length)
		m.frames = append(m.frames, f)
		if f.final {
			return nil
		}
	}
}

// open decrypts the message with the wrapping key, appends its plaintext to dst, and returns it
// if all of it is authentic.
func (m *message) open(dst, wrappingKey []byte) ([]byte, *DecodeError) {
	key, err := m.unwrap(wrappingKey)
	if err != nil {
		return nil, &DecodeError{KeyRefused, err}
	}
	plaintext, err := m.decrypt(dst, key)
	clear(key)
	if err != nil {
		return nil, &DecodeError{Damaged, err}
	}
	return plaintext, nil
}

// unwrap decrypts the message's own data key.
func (m *message) unwrap(wrappingKey []byte) ([]byte, error) {
	if len(wrappingKey) != keyLength {
		return nil, fmt.Errorf("the data key must have %d bytes, got %d", keyLength, len(wrappingKey))
	}
	aead, err := newGCM(wrappingKey)
	if err != nil {
		return nil, err
	}
	for _, w := range m.wrapped {
		if key, err := aead.Open(m.unwrapped[:0], w.iv, w.ciphertext, m.context); err == nil {
			return key, nil
		}
	}
	return nil, errKey
}

// decrypt derives the keys, and authenticates and decrypts header, frames and signature in this
// order.
func (m *message) decrypt(dst, dataKey []byte) ([]byte, error) {
	key, err := m.derive(dataKey)
	if err != nil {
		return nil, err
	}
	aead, err := newGCM(key)
	clear(key)
	if err != nil {
		return nil, err
	}
	if _, err := aead.Open(nil, m.iv, m.tag, m.header); err != nil {
		return nil, errTag
	}
	for _, f := range m.frames {
		m.aad = append(m.aad[:0], m.id...)
		switch {
		case !m.framed:
			m.aad = append(m.aad, "AWSKMSEncryptionClient Single Block"...)
		case f.final:
			m.aad = append(m.aad, "AWSKMSEncryptionClient Final Frame"...)
		default:
			m.aad = append(m.aad, "AWSKMSEncryptionClient Frame"...)
		}
		m.aad = binary.BigEndian.AppendUint32(m.aad, f.number)
		m.aad = binary.BigEndian.AppendUint64(m.aad, uint64(len(f.ciphertext)-tagLength))
		if dst, err = aead.Open(dst, f.iv, f.ciphertext, m.aad); err != nil {
			return nil, errTag
		}
	}
	if m.signed && !m.verify() {
		return nil, errors.New("the message was changed: its signature does not match")
	}
	return dst, nil
}

// derive returns the key that header and body are sealed with, by HKDF.
func (m *message) derive(dataKey []byte) ([]byte, error) {
	if m.version == 1 {
		extracted := m.hmac(make([]byte, keyLength), dataKey) // HKDF takes a key of zeros for no salt
		defer clear(extracted)
		return m.expand(extracted, m.suiteID, m.id), nil
	}
	extracted := m.hmac(m.id, dataKey)
	defer clear(extracted)
	if subtle.ConstantTimeCompare(m.expand(extracted, []byte("COMMITKEY")), m.commitment) != 1 {
		return nil, errors.New("the message was changed: its key commitment does not match")
	}
	return m.expand(extracted, m.suiteID, []byte("DERIVEKEY")), nil
}

// expand returns the result of HKDF-Expand for a key that is no longer than a hash. It takes a
// quarter of the allocations of crypto/hkdf.
func (m *message) expand(extracted []byte, info ...[]byte) []byte {
	return m.hmac(extracted, append(info, []byte{1})...)[:keyLength]
}

func (m *message) hmac(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(m.hash, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

// verify reports whether the signature is that of the message.
func (m *message) verify() bool {
	point, err := base64.StdEncoding.AppendDecode(nil, m.signatureKey)
	if err != nil {
		return false
	}
	curve := elliptic.P384()
	x, y := elliptic.UnmarshalCompressed(curve, point)
	if x == nil {
		return false
	}
	size := (curve.Params().BitSize + 7) / 8
	uncompressed := make([]byte, 1+2*size)
	uncompressed[0] = 4
	x.FillBytes(uncompressed[1 : 1+size])
	y.FillBytes(uncompressed[1+size:])
	key, err := ecdsa.ParseUncompressedPublicKey(curve, uncompressed)
	if err != nil {
		return false
	}
	digest := sha512.Sum384(m.whole)
	return ecdsa.VerifyASN1(key, digest[:], m.signature)
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// reader takes big-endian fields from the front of rest. If rest runs short, it returns zeros
// and nil from then on.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) bytes(n int) []byte {
	if r.short || n > len(r.rest) {
		r.short = true
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// uint returns an unsigned integer of n bytes.
func (r *reader) uint(n int) (v uint64) {
	for _, b := range r.bytes(n) {
		v = v<<8 | uint64(b)
	}
	return v
}
