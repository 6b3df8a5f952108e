package activityrecordtest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"math"
)

const (
	keyLength = 32
	ivLength  = 12
	tagLength = 16
)

// suites are the differences between the suites.
var suites = map[Suite]struct {
	version byte
	hash    func() hash.Hash
	signed  bool
}{
	Suite0178: {1, sha256.New, false},
	Suite0378: {1, sha512.New384, true},
	Suite0478: {2, sha512.New, false},
	Suite0578: {2, sha512.New, true},
}

// message seals plaintext as the AWS Encryption SDK does with a raw AES keyring, namespace BC
// and name DataKey. The errors that it ignores are those of keys and curves that are known to
// be valid.
func (s *Sealer) message(plaintext []byte) []byte {
	suite := suites[s.options.Suite]
	suiteID := binary.BigEndian.AppendUint16(nil, uint16(s.options.Suite))
	id := random(map[byte]int{1: 16, 2: 32}[suite.version])

	var context []byte
	var signer *ecdsa.PrivateKey
	if suite.signed {
		signer, _ = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		context = signatureContext(signer)
	}

	dataKey, iv := random(keyLength), random(ivLength)
	var b bytes.Buffer
	b.WriteByte(suite.version)
	if suite.version == 1 {
		b.WriteByte(0x80)
	}
	b.Write(suiteID)
	b.Write(id)
	b.Write(prefixed(context))
	b.Write([]byte{0, 1}) // one encrypted key
	b.Write(prefixed([]byte("BC")))
	info := binary.BigEndian.AppendUint32([]byte("DataKey"), 8*tagLength)
	info = binary.BigEndian.AppendUint32(info, ivLength)
	b.Write(prefixed(append(info, iv...)))
	b.Write(prefixed(gcm(s.key).Seal(nil, iv, dataKey, context)))

	content, frameLength := byte(2), s.options.FrameLength
	if frameLength < 0 {
		content, frameLength = 1, 0
	}
	b.WriteByte(content)
	if suite.version == 1 {
		b.Write([]byte{0, 0, 0, 0, ivLength})
	}
	b.Write(binary.BigEndian.AppendUint32(nil, uint32(frameLength)))

	var key []byte
	if suite.version == 1 {
		key, _ = hkdf.Key(suite.hash, dataKey, nil, string(suiteID)+string(id), keyLength)
	} else {
		key, _ = hkdf.Key(suite.hash, dataKey, id, string(suiteID)+"DERIVEKEY", keyLength)
		commitment, _ := hkdf.Key(suite.hash, dataKey, id, "COMMITKEY", keyLength)
		b.Write(commitment)
	}
	aead := gcm(key)
	header := bytes.Clone(b.Bytes())
	if suite.version == 1 {
		b.Write(make([]byte, ivLength))
	}
	b.Write(aead.Seal(nil, make([]byte, ivLength), nil, header))

	if content == 1 {
		b.Write(body(aead, id, plaintext, 1, "Single Block", false))
	} else {
		number := uint32(1)
		for ; len(plaintext) > frameLength; number++ {
			b.Write(body(aead, id, plaintext[:frameLength], number, "Frame", true))
			plaintext = plaintext[frameLength:]
		}
		b.Write(binary.BigEndian.AppendUint32(nil, math.MaxUint32))
		b.Write(body(aead, id, plaintext, number, "Final Frame", true))
	}
	if suite.signed {
		digest := sha512.Sum384(b.Bytes())
		signature, _ := ecdsa.SignASN1(rand.Reader, signer, digest[:])
		b.Write(prefixed(signature))
	}
	return b.Bytes()
}

// body returns one frame, or the whole body of a message without frames.
func body(aead cipher.AEAD, id, plaintext []byte, number uint32, kind string, framed bool) []byte {
	iv := binary.BigEndian.AppendUint32(make([]byte, ivLength-4), number)
	aad := append(bytes.Clone(id), "AWSKMSEncryptionClient "+kind...)
	aad = binary.BigEndian.AppendUint32(aad, number)
	aad = binary.BigEndian.AppendUint64(aad, uint64(len(plaintext)))
	var b []byte
	if framed {
		b = binary.BigEndian.AppendUint32(b, number)
	}
	b = append(b, iv...)
	switch kind {
	case "Final Frame":
		b = binary.BigEndian.AppendUint32(b, uint32(len(plaintext)))
	case "Single Block":
		b = binary.BigEndian.AppendUint64(b, uint64(len(plaintext)))
	}
	return aead.Seal(b, iv, plaintext, aad)
}

// signatureContext returns the serialized encryption context that carries the public key of a
// signature.
func signatureContext(signer *ecdsa.PrivateKey) []byte {
	point, _ := signer.PublicKey.Bytes() // uncompressed: 4, x, y
	size := (len(point) - 1) / 2
	compressed := append([]byte{2 + point[len(point)-1]&1}, point[1:1+size]...)
	context := []byte{0, 1} // one member
	context = append(context, prefixed([]byte("aws-crypto-public-key"))...)
	return append(context, prefixed([]byte(base64.StdEncoding.EncodeToString(compressed)))...)
}

func gcm(key []byte) cipher.AEAD {
	block, _ := aes.NewCipher(key)
	aead, _ := cipher.NewGCM(block)
	return aead
}

// prefixed returns b after its length in two bytes.
func prefixed(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
}
