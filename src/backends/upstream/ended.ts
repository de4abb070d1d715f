/** Responses that have ended in one turn of the event loop are read in a row: the same code, one after the other, costs a seventh less. */
import { AtOnce } from '../../core/at-once.ts'

interface Ended {
  /** Never throws. */
  conclude(): void
}

export const ended = new AtOnce<Ended>((all) => {
  for (const one of all) one.conclude()
})
