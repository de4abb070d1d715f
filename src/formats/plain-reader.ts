/** What an answer reader does where its format asks for nothing: the body passes as it came, and its headers say nothing. */
import type { AnswerReader, PieceRecoder } from './format.ts'

type Passing = Pick<AnswerReader, 'headers' | 'finishedBody' | 'needsRewrite' | 'pieceRecoder'>

export abstract class PlainReader implements Passing {
  headers(): void {
    // They tell nothing of what it costs.
  }

  finishedBody(body: Buffer): Buffer | Promise<Buffer> {
    return body
  }

  needsRewrite(): boolean {
    return false
  }

  pieceRecoder(): PieceRecoder | null {
    return null
  }
}
