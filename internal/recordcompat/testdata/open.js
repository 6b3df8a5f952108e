// Reads a list of {Key, Message, Plaintext} in base64 from the standard input, and opens each message with the AWS
// Encryption SDK for JavaScript.
const { buildClient, CommitmentPolicy, RawAesKeyringNode, RawAesWrappingSuiteIdentifier } = require('@aws-crypto/client-node')

async function main () {
  const items = JSON.parse(require('fs').readFileSync(0, 'utf8'))
  const { decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT)
  for (const [i, item] of items.entries()) {
    // The keyring wants memory that it alone uses.
    const unencryptedMasterKey = new Uint8Array(Buffer.from(item.Key, 'base64'))
    const keyring = new RawAesKeyringNode({
      keyName: 'DataKey',
      keyNamespace: 'BC',
      unencryptedMasterKey,
      wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING
    })
    const { plaintext } = await decrypt(keyring, Buffer.from(item.Message, 'base64'))
    if (plaintext.toString('base64') !== (item.Plaintext || '')) throw new Error(`item ${i}: another plaintext`)
  }
  console.log(`opened ${items.length}`)
}

main().catch(e => { console.error(e); process.exit(1) })
