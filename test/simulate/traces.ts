import { randomFrom } from '../../src/core/random.ts'
import type { TraceRequest } from '../../src/simulate/trace.ts'

/** Conversations that share the first block and grow by a turn each time they come back. */
export function madeUpTrace(requests: number, perSecond: number): readonly TraceRequest[] {
  const random = randomFrom('made up')
  const conversations: number[][] = []
  let next = 1
  return Array.from({ length: requests }, (_, at) => {
    const old = random() < 0.7 && conversations.length > 0
    const blocks = old ? conversations[Math.floor(random() * conversations.length)]! : [0]
    if (!old) conversations.push(blocks)
    for (let more = 2 + Math.floor(random() * 6); more > 0; more--) blocks.push(next++)
    return {
      at: at / perSecond,
      input: blocks.length * 512 - 100,
      output: 1 + Math.floor(200 * random()),
      blocks: [...blocks],
    }
  })
}

/** One that is asked of another place in each line. */
export const linesOfTrace = (trace: readonly TraceRequest[]): string =>
  trace
    .map(({ at, input, output, blocks }) =>
      JSON.stringify({ timestamp: 1000 * at, input_length: input, output_length: output, hash_ids: blocks }),
    )
    .join('\n')
