/**
 * Whether a replica is as quick as the others of its kind. Equal engines are seen in different moments, so that what is learnt of each
 * by itself differs by chance; an engine is taken for unlike the others only where that is no chance. Pure but for the value that it
 * is given to change.
 */
import type { Likeness } from '../../core/arm.ts'

/** Share of one observation: about the last twenty count. */
const SHARE = 0.1
const SHARE_OF_ALL = 0.05
/** No observation says more than that it was so many times as long, or as short. */
const MOST = Math.log(5)
/** By how much it must differ, as a logarithm and in standard errors, and below which it is one of them again. */
const APART = { least: Math.log(1.25), errors: 3 }
const TOGETHER = { least: Math.log(1.12), errors: 1.5 }
const LEAST_COUNT = 6
/** Where more of the answers than this come from engines that are apart, the others are not of one kind either: each is known by itself. */
const MIXED = 0.1
/** Answers of one that is not proven to be apart, before it is. */
const OWN_COUNT = 12

export const newLikeness = (): Likeness => ({ count: 0, mean: 0, variance: 0, apart: false, apartShare: 0 })

/** It took `ratio` times as long as is expected of all. `all`: the same of all of them together, since what they share sets none apart. */
export function compare(own: Likeness, all: Likeness, ratio: number): void {
  const seen = Math.min(MOST, Math.max(-MOST, Math.log(ratio)))
  all.count++
  all.mean += Math.max(SHARE_OF_ALL, 1 / all.count) * (seen - all.mean)
  const surprise = seen - own.mean
  own.count++
  const share = Math.max(SHARE, 1 / own.count)
  own.mean += share * surprise
  own.variance = (1 - share) * (own.variance + share * surprise * surprise)
  const { least, errors } = own.apart ? TOGETHER : APART
  const far = Math.abs(own.mean - all.mean)
  own.apart = own.count >= LEAST_COUNT && far > least && far * far > errors * errors * own.variance * share
  all.apartShare += SHARE_OF_ALL * ((own.apart ? 1 : 0) - all.apartShare)
  all.apart = all.apartShare > MIXED
}

/** How many times as long as the others it took lately, proven or not. */
export const factorOf = (own: Likeness, all: Likeness): number => (own.count === 0 ? 1 : Math.exp(own.mean - all.mean))

/** What is known of it by itself says more than what is known of all. */
export const standsAlone = (own: Likeness, all: Likeness): boolean => own.apart || (all.apart && own.count >= OWN_COUNT)
