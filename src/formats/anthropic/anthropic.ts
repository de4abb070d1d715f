/** Anthropic's wire format: Messages. */
import type { Format } from '../format.ts'
import { BACKEND } from './backend.ts'
import { CALLER } from './caller.ts'

export const ANTHROPIC: Format = { name: 'anthropic-messages', caller: CALLER, backend: BACKEND }
