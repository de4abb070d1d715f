/** Seals in the place of a thought signature. Clients take it for base64, and some decode it on the way. Pure. */
import type { Seal } from '../../core/prompt.ts'
import { readSeal, writtenSeal } from '../seal.ts'
import { GEMINI_NAME } from './name.ts'

/** What Google takes in place of the signature of a call that another model made, or whose signature was lost. */
export const NO_SIGNATURE = 'skip_thought_signature_validator'

/** How the base64 of `turnout.` begins. */
const FOREIGN = 'dHVybm91dC'

export const signatureOf = (seal: Seal): string =>
  seal.maker === GEMINI_NAME ? seal.value : Buffer.from(writtenSeal(seal, GEMINI_NAME)).toString('base64')

/** What `signatureOf` wrote, or a signature of Google's own. */
export const sealIn = (signature: string): Seal =>
  readSeal(signature.startsWith(FOREIGN) ? Buffer.from(signature, 'base64').toString() : signature, GEMINI_NAME)
