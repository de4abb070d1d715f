/**
 * What an agent's turn is for, and how hard that is: by what stands last, by the tool that was called last and how its result reads. The
 * instructions of an agent are the same in all of its turns, and say nothing of one. Pure.
 */
import type { AgentStep, TaskClass } from '../../core/capabilities.ts'
import { keptLength, textBytes } from '../../core/cut-text.ts'
import type { LastCall, Prompt } from '../../core/prompt.ts'
import type { Conversation } from './conversation.ts'

export interface Turn {
  readonly step: AgentStep
  /** 0..1. */
  readonly difficulty: number
}

const turn = (step: AgentStep, difficulty: number): Turn => ({ step, difficulty })

const PLANNING = turn('planning', 0.55)
const PLANNING_MUCH = turn('planning', 0.85)
const GOING_ON = turn('planning', 0.25)
const EDITING = turn('editing', 0.6)
const EDITING_LITTLE = turn('editing', 0.3)
const READING = turn('reading', 0.4)
const READING_FAILURE = turn('reading', 0.55)
const READING_LITTLE = turn('reading', 0.25)
const SUMMARISING = turn('summarising', 0.2)
const SUMMARISING_MUCH = turn('summarising', 0.35)
const CALLING = turn('calling', 0.1)

/** Null: it is no agent's turn. `asked`: the text of the last question; `cue`: the class that it asks for in so many words. */
export function stepOf(prompt: Prompt, conversation: Conversation, asked: string, cue: TaskClass | null): Turn | null {
  const { last, usesTools } = conversation
  if (last === 'result' && usesTools) return afterResult(prompt.lastCall(), conversation, asked)
  if (!usesTools && (!prompt.hasTools || isOfText(cue))) return null
  return afterQuestion(prompt, conversation, asked, cue)
}

/** A chat that could use tools, and asks for what needs none. */
const isOfText = (cue: TaskClass | null): boolean =>
  cue === 'translation' || cue === 'creative' || cue === 'classification' || cue === 'summary'

// ---------------------------------------------------------------- what the user asks

/** Definitions of tools, with instructions, of so many bytes are those of an application; agents that work by themselves have more. */
const FEW_TOOLS = 4_000
/** Bytes of a wish that one call fulfils, of an order in a few words, of a yes. */
const SHORT = 120
const ORDER = 60
const YES = 30
/** Of a task that is told at length. */
const LONG = 400
const MANY_MESSAGES = 30

const TOLD =
  /\b(summar|recap|compaction|hand-?off|title\b|commit message|pull request desc|pr desc|release notes|what (did|have|has) (you|been))/i
const ORDERS =
  /^\W*(run|show|list|open|commit|push|pull|start|stop|restart|print|what files|which files|cat|turn|switch|set|remind|book|call|find|where)\b/i
const WRITES =
  /^\W*(write|create|generate|make|build)\b.{0,40}\b(script|file|page|game|program|index\.html|\.?gitignore|dockerfile|component|function|class)\b/i
const MUCH =
  /\b(deadlock|memory leak|leak|race condition|migrat|rewrite|architect|redesign|security|concurren|scal(e|ing)|root cause|think hard|from scratch|offline|conflict resolution|distributed|monolith|microservice|research|compare)/i

/** Bytes of what stands before all that is asked. */
const instructionsOf = (texts: readonly string[]): number => (texts.length > 1 ? textBytes(texts[0]!) : 0)

function afterQuestion(prompt: Prompt, { messages, texts }: Conversation, asked: string, cue: TaskClass | null): Turn {
  if (cue === 'summary' || TOLD.test(asked)) return messages > MANY_MESSAGES ? SUMMARISING_MUCH : SUMMARISING
  const few = prompt.toolBytes + instructionsOf(texts) < FEW_TOOLS
  if (MUCH.test(asked) || asked.length > LONG) return PLANNING_MUCH
  if (asked.length <= (few ? SHORT : ORDER) && (few || ORDERS.test(asked))) return CALLING
  if (WRITES.test(asked)) return EDITING
  return asked.length <= YES ? GOING_ON : PLANNING
}

// ---------------------------------------------------------------- what a tool gave

const PLANS = /todo|plan|progress|think/i
const EDITS = /edit|write|patch|replace|create_?file|insert|update_?file|save_?file/i
const READS = /^(read|view|open|cat|get_?file)|read_?(many_?)?files?/i
const SHELLS = /bash|shell|exec|terminal|command|^run/i
const LOOKS = /grep|glob|search|list|^ls$|find|fetch|web|browse|query|lookup|sql|task|agent/i

const COMMITS = /\bgit (commit|push|tag|merge)|\bgh pr create/
const TESTS =
  /\b(pytest|jest|vitest|mocha|rspec|phpunit|tox|ctest|npm (run )?test|(cargo|go|yarn|pnpm|make|mvn|gradle|dotnet|deno|bun|swift) test|unittest)\b/
const CHECKS =
  /\b(tsc|eslint|prettier|lint|mypy|ruff|pyright|flake8|clippy|rustfmt|javac)\b|(cargo|go|npm run|yarn|pnpm|make|mvn|gradle|dotnet) (build|check|vet)/
const SHOWS = /\b(cat|sed -n|head|nl|less|bat)\b/

const FAILURE =
  /\btraceback \(|panicked at|\bfatal:|\berror(?: ts\d+)?[:[(](?! ?\(none\))|\bFAILED\b|\b[1-9]\d* (?:failed|failing|failures?|errors?)\b|npm err|exit(?:ed)?(?: with)?(?:[ _]code)?[:"]* *[1-9]|\bexception\b|no such file|command not found|\bcannot \w|could not|permission denied|status code [45]\d\d|"success":false/i
const SUCCESS = /\b(\d+ pass(?:ed|ing)|all tests passed|build success)/i
/** Of a result these characters are looked at, at its beginning and at its end; of arguments those at their beginning. */
const HEAD = 200
const TAIL = 160
const GIVEN = 200
/** Parts of words of which no failure lacks all: to look for them takes a tenth of what the pattern does. */
const SIGNS = [
  'rror',
  'FAIL',
  'ail',
  'raceback',
  'anicked',
  'atal',
  'xit',
  'xception',
  'o such file',
  'ot found',
  'annot',
  'ould not',
  'enied',
  'tatus code',
  'uccess"',
]
const LITTLE = 90
const MUCH_READ = 4_096

const QUESTION =
  /\?|^\W*(how|why|where|what|which|who|explain|review|find|wie|warum|wo|was|comment|pourquoi|où|cómo|por qué|dónde|как|почему)\b/i

function afterResult(call: LastCall | null, { result, messages }: Conversation, asked: string): Turn {
  const { name, given } = call ?? { name: '', given: '' }
  const text = result ?? ''
  if (PLANS.test(name)) return CALLING
  const failed = call?.failed === true || hasFailed(text, READS.test(name))
  if (EDITS.test(name)) return failed ? EDITING_LITTLE : CALLING
  if (SHELLS.test(name)) return afterShell(given.slice(0, GIVEN), text, failed, asked, messages)
  if (READS.test(name)) return afterFile(failed, asked)
  if (LOOKS.test(name)) return afterLook(text, failed)
  if (failed) return READING_FAILURE
  return textBytes(text) > 2 * LITTLE ? READING : SUMMARISING
}

function afterShell(given: string, text: string, failed: boolean, asked: string, messages: number): Turn {
  if (failed) return CHECKS.test(given) ? EDITING : READING_FAILURE
  if (COMMITS.test(given) || TESTS.test(given) || SUCCESS.test(text.slice(-TAIL)))
    return messages > MANY_MESSAGES ? SUMMARISING_MUCH : SUMMARISING
  if (SHOWS.test(given)) return afterFile(false, asked)
  return textBytes(text) > LITTLE ? afterLook(text, false) : CALLING
}

/** What was read is changed next, unless it was read to know it. */
function afterFile(failed: boolean, asked: string): Turn {
  if (failed) return READING_LITTLE
  return QUESTION.test(asked) ? READING : EDITING
}

function afterLook(text: string, failed: boolean): Turn {
  if (failed || textBytes(text) > MUCH_READ) return READING_FAILURE
  return textBytes(text) > 3 * LITTLE ? READING : READING_LITTLE
}

function isFailure(part: string): boolean {
  for (const sign of SIGNS) if (part.includes(sign)) return FAILURE.test(part)
  return false
}

/** `isFile`: what stands in a file may speak of errors. */
function hasFailed(text: string, isFile: boolean): boolean {
  const length = keptLength(text)
  if (isFile && length > HEAD) return false
  if (length <= HEAD + TAIL) return isFailure(text.slice(0, length))
  return isFailure(text.slice(0, HEAD)) || isFailure(text.slice(length - TAIL, length))
}
