import { digestName } from './caller-name.ts'

/** What models are called: letters, digits and the marks of hubs, tags and versions. */
const PLAIN = /^[\p{L}\p{N} ._:/@+~()[\],=-]{1,200}$/u

/**
 * The name that a caller asked for, as logs, ledger and traces have it. One that leads nowhere may be any text, so only that is said
 * of it; one that leads somewhere by a pattern is named by a digest where it is no plain name.
 */
export function requestedModel(model: string, leadsSomewhere: boolean): string {
  if (!leadsSomewhere) return 'unknown'
  return PLAIN.test(model) ? model : digestName(model)
}
