/** When the figures of a replay are not to be believed, in plain sentences. Pure. */
import type { Report } from './report-shape.ts'

/** Below so many requests a bootstrap promises too much. */
const FEW = 30

/** Behind what a log is to be set to. */
const REMEDIES =
  'and replay what is logged from then on; or replay the folder of the ledger (`store.ledger`), which has the decision of every request.'

export function reportWarnings(report: Omit<Report, 'warnings'>, mostKept: number): string[] {
  const { requests, evidence, incomplete, header_routes: headers, agreement, routed_otherwise: otherwise } = report
  const { moved } = evidence
  const { brief, left_out: leftOut } = report.skipped
  const sentences: string[] = []
  const say = (holds: boolean, sentence: string): void => {
    if (holds) sentences.push(sentence)
  }
  say(
    brief > 0,
    requests === 0
      ? `The lines of this log hold no decisions: set \`server.log_decisions: always\`, ${REMEDIES}`
      : `${count(brief)} of this log are without their decisions, and with \`sampled\` all that failed have theirs: what was compared is no fair sample. ` +
          `Set \`server.log_decisions: always\`, ${REMEDIES}`,
  )
  say(
    leftOut > 0,
    `${count(leftOut)} of the ledger are without their decisions: they were printed without \`--decisions\`, or the disk was behind when they ended.`,
  )
  say(requests > 0 && requests < FEW, `Only ${count(requests)}: the intervals are narrower than they should be.`)
  say(
    moved.requests > 0 && moved.effective_sample_size < FEW,
    `There is little evidence for B: of ${count(moved.requests)} that would move, ${moved.agrees} went where B would send them ` +
      `(effective sample size ${Math.round(moved.effective_sample_size)}), so for the others its figures are expectations.`,
  )
  say(
    incomplete.b > 0,
    `B allows models that the records of ${count(incomplete.b)} do not contain: they were decided without those.`,
  )
  say(
    incomplete.a > 0,
    `A allows models that the records of ${count(incomplete.a)} do not contain: is it the configuration of this log?`,
  )
  const most = Math.max(headers.a, headers.b)
  say(most > 0, `Routes with a condition on headers were passed over for ${count(most)}: the log has no headers.`)
  say(2 * agreement.a < requests, `A agrees with less than half of what happened: is it the configuration of this log?`)
  say(
    10 * otherwise > requests,
    `${count(otherwise)} went by another route or strategy than A has for them: by a header of the caller, or A is another configuration.`,
  )
  say(requests > mostKept, `Medians and intervals are those of ${mostKept} of the requests.`)
  return sentences
}

const count = (requests: number): string => (requests === 1 ? '1 request' : `${requests} requests`)
