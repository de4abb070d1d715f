/** The real agents that `npm run test:agents` runs: where each comes from, and how it is run without a person. How it is set up is what `turnout connect` prints. */

export interface RealAgent {
  /** As `turnout connect` names it. */
  readonly id: string
  readonly package: string
  readonly command: string
  /** To be in the environment beside what `turnout connect` prints. */
  readonly env?: Readonly<Record<string, string>>
  /** Files that answer what a person is asked at the first start; `~/` is its home. */
  readonly files?: Readonly<Record<string, string>>
  readonly args: (prompt: string, home: string) => readonly string[]
  /** Whether its requests name their sessions. */
  readonly namesSessions: boolean
  /** Whether it asks again where half of an answer came before its error. */
  readonly asksAgain: boolean
  /** The agent that its requests are counted under; null: they say nothing of themselves. */
  readonly countedAs: string | null
}

export const REAL_AGENTS: readonly RealAgent[] = [
  {
    id: 'claude-code',
    package: '@anthropic-ai/claude-code',
    command: 'claude',
    // It refuses to skip its questions for root, except in a sandbox.
    env: { IS_SANDBOX: '1' },
    args: (prompt) => ['-p', '--dangerously-skip-permissions', prompt],
    asksAgain: true,
    namesSessions: true,
    countedAs: 'claude-code',
  },
  {
    id: 'codex',
    package: '@openai/codex',
    command: 'codex',
    args: (prompt) => ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', prompt],
    asksAgain: true,
    namesSessions: true,
    countedAs: 'codex',
  },
  {
    id: 'opencode',
    package: 'opencode-ai',
    command: 'opencode',
    args: (prompt) => ['run', prompt],
    asksAgain: true,
    namesSessions: true,
    countedAs: 'opencode',
  },
  {
    id: 'qwen-code',
    package: '@qwen-code/qwen-code',
    command: 'qwen',
    args: (prompt) => ['--yolo', '--auth-type', 'openai', '-p', prompt],
    asksAgain: false,
    namesSessions: false,
    countedAs: 'qwen-code',
  },
  {
    id: 'gemini-cli',
    package: '@google/gemini-cli',
    command: 'gemini',
    files: { '~/.gemini/settings.json': '{"security":{"auth":{"selectedType":"gemini-api-key"}}}' },
    args: (prompt) => ['--yolo', '--skip-trust', '-p', prompt],
    asksAgain: false,
    namesSessions: false,
    countedAs: 'gemini-cli',
  },
  {
    id: 'continue',
    package: '@continuedev/cli',
    command: 'cn',
    args: (prompt, home) => ['--config', `${home}/.continue/config.yaml`, '--auto', '-p', prompt],
    asksAgain: false,
    namesSessions: false,
    countedAs: 'continue',
  },
  {
    id: 'cline',
    package: 'cline',
    command: 'cline',
    args: (prompt) => ['--json', prompt],
    asksAgain: false,
    namesSessions: false,
    countedAs: null,
  },
]
