/** The agents that `turnout connect` and docs/agents.md tell how to set up: one row for each. */
import type { ApiName } from '../formats/probes.ts'

/** What the lines of an agent are about. */
export interface Aim {
  /** Address of the gateway, without a path: http://127.0.0.1:7070. */
  readonly url: string
  /** Whether the gateway asks for a key; it is then in TURNOUT_KEY. */
  readonly keyed: boolean
  /** Model that the agent is to ask for; null: what it should ask for by default. */
  readonly model: string | null
}

export interface Agent {
  /** As in `turnout connect ID`, and as requests of this agent are counted under. */
  readonly id: string
  readonly name: string
  readonly api: ApiName
  /** The file that the lines are written to; null: they are commands of a shell. */
  readonly file: string | null
  readonly lines: (aim: Aim) => string
  /** What else to know, in whole sentences. */
  readonly note: string
}

/** As a shell expands it. */
const shellKey = ({ keyed }: Aim): string => (keyed ? '"$TURNOUT_KEY"' : 'none')
const modelOf = ({ model }: Aim): string => model ?? 'auto'
const quoted = (text: string): string => JSON.stringify(text)

export const AGENTS: readonly Agent[] = [
  {
    id: 'claude-code',
    name: 'Claude Code',
    api: 'messages',
    file: null,
    lines: (aim) => `export ANTHROPIC_BASE_URL=${aim.url}
export ANTHROPIC_AUTH_TOKEN=${shellKey(aim)}
export ANTHROPIC_MODEL=${modelOf(aim)}`,
    note:
      'Titles ask for ANTHROPIC_DEFAULT_HAIKU_MODEL, subagents for CLAUDE_CODE_SUBAGENT_MODEL; without these both ask ' +
      'for ANTHROPIC_MODEL.',
  },
  {
    id: 'codex',
    name: 'Codex',
    api: 'responses',
    file: '~/.codex/config.toml',
    lines: (aim) => `model = ${quoted(modelOf(aim))}
model_provider = "turnout"
model_providers.turnout.name = "Turnout"
model_providers.turnout.base_url = ${quoted(`${aim.url}/v1`)}${
      aim.keyed ? '\nmodel_providers.turnout.env_key = "TURNOUT_KEY"' : ''
    }`,
    note: 'The lines stand above the first [section]. Subagents ask for the model of the conversation.',
  },
  {
    id: 'opencode',
    name: 'opencode',
    api: 'chat',
    file: 'opencode.json',
    lines: (aim) => `{"provider": {"turnout": {"npm": "@ai-sdk/openai-compatible",
  "options": {"baseURL": ${quoted(`${aim.url}/v1`)},
    "apiKey": ${aim.keyed ? '"{env:TURNOUT_KEY}"' : '"none"'}},
  "models": {${quoted(modelOf(aim))}: {}}}}, "model": ${quoted(`turnout/${modelOf(aim)}`)}}`,
    note: 'Titles ask for `small_model`, where that is set.',
  },
  {
    id: 'qwen-code',
    name: 'Qwen Code',
    api: 'chat',
    file: null,
    lines: (aim) => `export OPENAI_BASE_URL=${aim.url}/v1
export OPENAI_API_KEY=${shellKey(aim)}
export OPENAI_MODEL=${modelOf(aim)}`,
    note: 'Start it once with `qwen --auth-type openai`. It names no session: each conversation counts as one.',
  },
  {
    id: 'gemini-cli',
    name: 'Gemini CLI',
    api: 'gemini',
    file: null,
    lines: (aim) => `export GOOGLE_GEMINI_BASE_URL=${aim.url}
export GEMINI_API_KEY=${shellKey(aim)}
export GEMINI_MODEL=${aim.model ?? 'auto:balanced'}`,
    note:
      'Choose "Use Gemini API Key" at the first start. `auto` alone is a word of its own there, for models of Google; ' +
      'with the name of a strategy behind it, it is that of the gateway.',
  },
  {
    id: 'crush',
    name: 'Crush',
    api: 'chat',
    file: '~/.config/crush/crush.json',
    lines: (aim) => `{"providers": {"turnout": {"type": "openai-compat", "name": "Turnout",
  "base_url": ${quoted(`${aim.url}/v1`)}, "api_key": ${aim.keyed ? '"$TURNOUT_KEY"' : '"none"'},
  "models": [{"id": ${quoted(modelOf(aim))}, "name": ${quoted(modelOf(aim))},
    "context_window": 128000, "default_max_tokens": 8192}]}}}`,
    note: 'Choose its large and its small model by /model.',
  },
  {
    id: 'cline',
    name: 'Cline',
    api: 'chat',
    file: null,
    lines: (aim) => `cline auth openai-compatible --apikey ${shellKey(aim)} \\
  --modelid ${modelOf(aim)} --baseurl ${aim.url}/v1`,
    note: 'In an editor choose "OpenAI Compatible" as the provider, with the same three values.',
  },
  {
    id: 'continue',
    name: 'Continue',
    api: 'chat',
    file: '~/.continue/config.yaml',
    lines: (aim) => `name: turnout
version: 1.0.0
schema: v1
models:
  - name: Turnout
    provider: openai
    model: ${modelOf(aim)}
    apiBase: ${aim.url}/v1
    apiKey: ${aim.keyed ? "'${{ secrets.TURNOUT_KEY }}'" : 'none'}
    capabilities: [tool_use]
    requestOptions: { headers: { x-turnout-agent: continue } }`,
    note: 'Its requests do not name it, so a header does. Put TURNOUT_KEY into ~/.continue/.env.',
  },
  {
    id: 'aider',
    name: 'Aider',
    api: 'chat',
    file: null,
    lines: (aim) => `export OPENAI_API_BASE=${aim.url}/v1
export OPENAI_API_KEY=${shellKey(aim)}
aider --model openai/${modelOf(aim)}`,
    note: 'Commit messages ask for --weak-model.',
  },
  {
    id: 'zed',
    name: 'Zed',
    api: 'chat',
    file: '~/.config/zed/settings.json',
    lines: (aim) => `{"language_models": {"openai_compatible": {"Turnout": {
  "api_url": ${quoted(`${aim.url}/v1`)},
  "available_models": [{"name": ${quoted(modelOf(aim))}, "max_tokens": 128000}]}}}}`,
    note: 'The key is entered in the settings of its agent, or is in TURNOUT_API_KEY where Zed is started.',
  },
]
