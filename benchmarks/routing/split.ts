/** Which half of the data a prompt is in: by its text, so that a prompt found in two sets is on the same side in both. */
import { createHash } from 'node:crypto'

/** Whether the prompt belongs to the training half of this seed. White space does not count. */
export function isTrain(prompt: string, seed: number): boolean {
  const text = prompt.normalize('NFC').trim().replace(/\s+/gu, ' ')
  return (createHash('sha256').update(`${seed}\n${text}`).digest()[0]! & 1) === 0
}
