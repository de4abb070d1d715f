/**
 * What was learnt, as plain numbers: `learn/` writes and reads them, the fleet hangs them on deployments. Backends that
 * serve the same model, and of which the same is expected, share its arms; latency is each deployment's own.
 */
import type { Saying } from './hints.ts'
import type { AgentStep, Effort, TaskClass } from './capabilities.ts'

/** What a text is about, in numbers that only the estimators read. */
export interface TextFeatures {
  /** The nearest topics of the classifier, and how the text is shared among them; the shares sum to 1. */
  readonly topics: readonly number[]
  readonly shares: readonly number[]
  readonly vector: readonly number[]
  readonly class: TaskClass
  /** Of an agent's turn; null: it is none. */
  readonly step: AgentStep | null
  /** 0..1: how likely an ordinary model is to fail. */
  readonly difficulty: number
  /** How much more a model of greater ability succeeds with it. */
  readonly demand: number
  readonly language: string | null
}

/** Means by topic of something observed, as deviations from what was expected before. */
export interface TopicStats {
  /** Observations of each topic; fractional, since a text belongs to some topics at a time. */
  readonly count: Float64Array
  readonly sum: Float64Array
  /** Over all topics. */
  total: number
  totalSum: number
  /** Sum of squared surprises: of what came less what was expected. */
  squares: number
}

/** A linear regression that is updated with each observation. */
export interface Regression {
  readonly weights: Float64Array
  /** Inverse of the precision, row by row. */
  readonly covariance: Float64Array
  count: number
}

/** A regression on the features of a text, of what the topics leave over; trusted as far as it has proven itself. */
export interface Residual {
  readonly regression: Regression
  /** Sums over predictions that were made before their outcome was known: prediction x outcome, prediction squared. */
  products: number
  squares: number
}

/** What answers of all models taught, as deviations from what was expected of each: a hard topic is hard for all. */
export interface Common {
  readonly quality: TopicStats
  readonly validity: TopicStats
  readonly length: TopicStats
  /** How far scores lie from what was expected, summed and counted: 1 each where they are yes or no, less where they are graded. */
  readonly noise: { sum: number; count: number }
  /** As those of an arm, for arms that have not answered yet. */
  readonly factors: { mean: number; most: number }
}

/** One model at one effort. */
export interface Arm {
  /** The model's name as all backends share it, `@` and the effort. */
  readonly id: string
  /** Null: as the model does when nobody says. */
  readonly effort: Effort | null
  /** Of what class each topic is; shared by all arms. */
  readonly topics: readonly TaskClass[]
  /** Expected success by topic before anything was seen. */
  readonly prior: Float64Array
  /** Over topics: how far the model stands above an ordinary one. */
  readonly ability: number
  /** Expected logarithm of 1 + output tokens (reasoning included) by topic before anything was seen. */
  readonly lengthPrior: Float64Array
  /** Share of the output that is reasoning, before anything was seen. */
  readonly reasoningPrior: number
  /** The same of the model at all its efforts: where this one was seldom seen, it is taken to be like the others. Null: there are no others. */
  family: Pick<Arm, 'quality' | 'length'> | null
  /** Shared by all models. */
  readonly common: Common
  /** Scores of feedback, in log-odds. */
  readonly quality: TopicStats
  /** How much more than its ability says, in log-odds, it succeeds with a text that asks for it: sums of products and of squares. */
  readonly slope: { products: number; squares: number }
  /** Whether answers were whole and valid: their verdicts. */
  readonly validity: TopicStats
  /** Logarithms of 1 + output tokens. */
  readonly length: TopicStats
  /** What turns the usual length of an answer into the mean one, and into one that nine of ten stay below. */
  readonly factors: { mean: number; most: number }
  /** Reasoning tokens and output tokens so far, with forgetting. */
  readonly spent: { reasoning: number; output: number }
  /** How many answers were scored, and how many each hint was given of. */
  readonly said: Record<Saying, number>
  /** What the words of a text add; null until feedback has come: most arms never need it. Shared by all backends, as the rest is. */
  readonly words: { residual: Residual | null }
}

/** A model's tokens over the ones that were estimated: mean and mean deviation of the logarithm. */
export interface Calibration {
  count: number
  mean: number
  deviation: number
  /** e to the mean. */
  factor: number
}

/** How long loads of one model on one backend took lately. */
export interface LoadTime {
  /** Loads that were seen. */
  count: number
  seconds: number
}

/** Of one deployment. Seconds. */
export interface Latency {
  /** On: 1, thousands of prompt tokens that are to be read until then, calls in flight. Without the wait for a free place. */
  readonly ttft: Regression
  /** Time per output token; on: 1, calls in flight. */
  readonly tpot: Regression
  /** Share of the prompt tokens that it was taken to have kept (prefix-map.ts) which it had. */
  kept: number
  /** It has told of tokens that it had kept: from then on it is believed, too, when it tells of none. */
  keptTold: boolean
  readonly room: Room
  /** To compare replicas by, 0: it has not answered yet. Lately, whatever the load: seconds for each output token, and until the first one as a share of what is expected of all. */
  pace: number
  lag: number
  /** How soon its streams begin beside those of the others of its kind. */
  readonly alike: Likeness
  /** What was sent there to be read. */
  readonly flow: Flow
  /** What all replicas of the model on engines of its kind have taught: what is expected of one that has answered nothing yet. Null: this is it. */
  readonly shared: Latency | null
}

/** What a replica's answers took as logarithms over what is expected of all replicas: mean and variance of about the last twenty. */
export interface Likeness {
  count: number
  mean: number
  variance: number
  /** It is proven to be quicker or slower than the others: what is known of them says nothing of it. Of all together: some are. */
  apart: boolean
  /** Of all together: share of the latest answers that came from such. */
  apartShare: number
}

/** Prompt tokens to be read, with forgetting: about those of the last minute. */
export interface Flow {
  tokens: number
  /** Clock reading of the last, ms. */
  at: number
}

/** How many calls an engine works on at a time: its slots, where it has such; what comes on top waits until one ends. */
export interface Room {
  /** As its operator, its engine or its kind says: then nothing is guessed; null: nobody says. */
  slots: number | null
  /** As it seems; a fraction, since it is gathered from many streams. */
  size: number
  /** Streams that seem to have found it full, less what speaks against it. */
  waits: number
  /** Seconds that a stream holds its place. */
  stay: number
}
