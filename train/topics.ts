/** Topics: the labels of the data sets, each of a task class. */
import type { AgentStep, TaskClass } from '../src/core/capabilities.ts'

/** By label, whatever its set; labels that are not here are subjects of exams. */
const CLASSES: Readonly<Record<string, TaskClass>> = {
  math: 'math',
  gsm8k: 'math',
  gsm: 'math',
  'agentverse-mgsm': 'math',
  natural_qa: 'factual',
  trivia_qa: 'factual',
  truthful_qa: 'factual',
  openbook_qa: 'commonsense',
  openbookqa: 'commonsense',
  arc_challenge: 'commonsense',
  commonsense_qa: 'commonsense',
  hellaswag: 'commonsense',
  winogrande: 'commonsense',
  mmlu: 'knowledge',
  mbpp: 'code',
  human_eval: 'code',
  crux: 'code',
  'agentverse-logicgrid': 'logic',
  commongen: 'creative',
  'bbh/sports_understanding': 'commonsense',
  'bbh/movie_recommendation': 'commonsense',
  'bbh/causal_judgement': 'commonsense',
  'bbh/disambiguation_qa': 'commonsense',
  'bbh/ruin_names': 'commonsense',
  'bbh/snarks': 'classification',
  'bbh/hyperbaton': 'commonsense',
  'bbh/salient_translation_error_detection': 'translation',
  'bbh/multistep_arithmetic_two': 'math',
  'bbh/object_counting': 'math',
}

/** `own`: of the written phrases, whose labels are classes. */
export function classOfLabel(label: string, own: boolean): TaskClass {
  if (own) return label as TaskClass
  return CLASSES[label] ?? (label.startsWith('bbh/') ? 'logic' : 'knowledge')
}

/** Output tokens of an ordinary answer, where no data tells: rough, from what such tasks ask for. */
export const ORDINARY_TOKENS: Readonly<Record<TaskClass, number>> = {
  chat: 200,
  creative: 500,
  factual: 60,
  knowledge: 250,
  commonsense: 120,
  reading: 120,
  math: 350,
  logic: 400,
  code: 400,
  agent: 350,
  extraction: 150,
  classification: 15,
  summary: 200,
  translation: 200,
  vision: 200,
  other: 200,
}

export const STEP_TOKENS: Readonly<Record<AgentStep, number>> = {
  planning: 400,
  editing: 600,
  reading: 250,
  summarising: 350,
  calling: 80,
}
