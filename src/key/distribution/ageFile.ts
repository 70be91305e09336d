/**
 * An armoured age file for one recipient, which `age -d` opens. The library takes no randomness of ours:
 * the file key, its ephemeral share and the nonce come from the platform's generator.
 * @returns null for a recipient whose checksum or point is bad
 */
export async function sealAsAgeFile(
  recipient: string,
  plaintext: Uint8Array,
): Promise<string | null> {
  // Loaded with the first key that leaves.
  const { Encrypter, armor } = await import("age-encryption");
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(recipient);
    return armor.encode(await encrypter.encrypt(plaintext));
  } catch {
    return null;
  }
}
