import { digestName } from './caller-name.ts'

/** What models are called: letters, digits and the marks of hubs, tags and versions. */
const PLAIN = /^[\p{L}\p{N} ._:/@+~()[\],=-]{1,200}$/u

/**
 * The model of a request, as log, ledger and traces show it. A name that leads nowhere may be any text, a prompt too, so it is `unknown`;
 * a name that leads somewhere by a pattern and is no plain name is replaced by a digest.
 */
export function requestedModel(model: string, leadsSomewhere: boolean): string {
  if (!leadsSomewhere) return 'unknown'
  return PLAIN.test(model) ? model : digestName(model)
}
