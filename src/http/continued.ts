/** A request that goes on from an answer that is kept here: what was said before is put into its body, and nothing is left to look up. */
import type { Answers } from '../answers/answers.ts'
import { GatewayError } from '../core/errors.ts'
import type { KeptAnswers, Reference } from '../formats/format.ts'

/** Null where the body refers to nothing. Rejects with an `invalid_request` that names what is not there, or with `answer_store_unavailable`. */
export function continuedBody(
  raw: Buffer,
  owner: string,
  kept: KeptAnswers | undefined,
  answers: Answers | null,
): Promise<Buffer> | null {
  const references = kept?.references(raw) ?? null
  return kept === undefined || references === null ? null : withReferences(raw, owner, references, kept, answers)
}

async function withReferences(
  raw: Buffer,
  owner: string,
  { answer, items }: Reference,
  kept: KeptAnswers,
  answers: Answers | null,
): Promise<Buffer> {
  const before = answer === null ? null : ((await answers?.get(owner, answer)) ?? null)
  if (answer !== null && before === null) throw notKept(answer, kept.member, answers)
  const holding = new Map<string, Buffer>()
  await Promise.all(
    items.map(async (item) => {
      const record = (await answers?.holding(owner, item)) ?? null
      if (record !== null) holding.set(item, record)
    }),
  )
  return kept.continued(raw, before, holding)
}

function notKept(id: string, param: string, answers: Answers | null): GatewayError {
  const why =
    answers === null
      ? 'this gateway keeps no answers (`store.answers`)'
      : 'it is unknown to this key, was deleted, is too old, or was not to be stored'
  return new GatewayError(
    'invalid_request',
    `No answer "${id.slice(0, 100)}" can be gone on from: ${why}. Send the whole conversation as \`input\`.`,
    { param },
  )
}
