// Package recordcompat compares package activityrecord with the official AWS Encryption SDK for
// Go: what the one seals, the other opens, and what the one refuses, the other refuses as well.
// It is a module of its own, because the SDK brings 26 modules.
//
//	go -C internal/recordcompat test .
//
// The first build takes minutes. The test with the SDK for JavaScript runs if the environment
// variable NODE_PATH names a directory with @aws-crypto/client-node.
package recordcompat

import (
	"context"

	mpl "github.com/aws/aws-cryptographic-material-providers-library/releases/go/mpl/awscryptographymaterialproviderssmithygenerated"
	mpltypes "github.com/aws/aws-cryptographic-material-providers-library/releases/go/mpl/awscryptographymaterialproviderssmithygeneratedtypes"
	esdk "github.com/aws/aws-encryption-sdk/releases/go/encryption-sdk/awscryptographyencryptionsdksmithygenerated"
	esdktypes "github.com/aws/aws-encryption-sdk/releases/go/encryption-sdk/awscryptographyencryptionsdksmithygeneratedtypes"
)

// Official is the official SDK with one wrapping key, set up for the messages of activity streams.
type Official struct {
	key     mpltypes.IKeyring
	clients map[bool]*esdk.Client // by whether messages commit to their key
}

// NewOfficial returns the SDK with a wrapping key of 32 bytes, with the namespace and name that
// RDS gives it.
func NewOfficial(wrappingKey []byte) (*Official, error) {
	providers, err := mpl.NewClient(mpltypes.MaterialProvidersConfig{})
	if err != nil {
		return nil, err
	}
	key, err := providers.CreateRawAesKeyring(context.Background(), mpltypes.CreateRawAesKeyringInput{
		KeyNamespace: "BC",
		KeyName:      "DataKey",
		WrappingKey:  wrappingKey,
		WrappingAlg:  mpltypes.AesWrappingAlgAlgAes256GcmIv12Tag16,
	})
	if err != nil {
		return nil, err
	}
	o := &Official{key: key, clients: map[bool]*esdk.Client{}}
	for commits, policy := range map[bool]mpltypes.ESDKCommitmentPolicy{
		false: mpltypes.ESDKCommitmentPolicyForbidEncryptAllowDecrypt,
		true:  mpltypes.ESDKCommitmentPolicyRequireEncryptAllowDecrypt, // its default refuses the messages of RDS
	} {
		if o.clients[commits], err = esdk.NewClient(esdktypes.AwsEncryptionSdkConfig{CommitmentPolicy: &policy}); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// Open decrypts a message.
func (o *Official) Open(message []byte) ([]byte, error) {
	out, err := o.clients[true].Decrypt(context.Background(), esdktypes.DecryptInput{Ciphertext: message, Keyring: o.key})
	if err != nil {
		return nil, err
	}
	return out.Plaintext, nil
}

// Seal encrypts a message with an algorithm suite, such as "0x0178", in frames of a length. The
// encryption context is that of the message, not of KMS.
func (o *Official) Seal(plaintext []byte, suite string, frameLength int, encryptionContext map[string]string) ([]byte, error) {
	id := mpltypes.ESDKAlgorithmSuiteId(suite)
	out, err := o.clients[suite >= "0x0400"].Encrypt(context.Background(), esdktypes.EncryptInput{
		Plaintext:         plaintext,
		AlgorithmSuiteId:  &id,
		FrameLength:       new(int64(frameLength)),
		EncryptionContext: encryptionContext,
		Keyring:           o.key,
	})
	if err != nil {
		return nil, err
	}
	return out.Ciphertext, nil
}
