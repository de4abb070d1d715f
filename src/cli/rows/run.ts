/** Texts of the commands that run a gateway and prepare one. */
import { row } from '../command.ts'
import { CONFIG } from './shared.ts'

export const SERVE = row({
  name: 'serve',
  summary: 'run the gateway',
  about: [
    'Without a configuration it looks for engines on this machine and for cloud keys in the environment, and serves ' +
      'simulated models where it finds none. Ctrl-C ends it after live answers; a second one ends it at once.',
  ],
  args: {},
  flags: {
    config: CONFIG,
    host: { takes: 'HOST', doc: 'address to listen on; else TURNOUT_HOST, the configuration or 127.0.0.1' },
    port: { takes: 'PORT', doc: 'port to listen on; else TURNOUT_PORT, the configuration or 7070; 0 takes a free one' },
  },
  examples: [
    { line: 'turnout serve', does: 'with ./turnout.yaml, or with what is found here' },
    { line: 'turnout serve --port 8080', does: 'on another port' },
    { line: 'turnout serve --config cheap.yaml', does: 'with another configuration' },
  ],
  guesses: ['start', 'run', 'up', 'gateway', 'server'],
})

export const INIT = row({
  name: 'init',
  summary: 'write a first configuration from what is found here',
  about: [
    'It looks for engines on this machine and for cloud keys in the environment, and writes a file with them, with ' +
      'examples of routes, budgets and keys as comments. No key stands in it: each is read from its variable.',
  ],
  args: { file: { takes: 'FILE', path: 'file', doc: 'the file to write; ./turnout.yaml without one' } },
  flags: { force: { doc: 'replace a file that is there' } },
  examples: [
    { line: 'turnout init', does: 'write ./turnout.yaml' },
    { line: 'turnout init cheap.yaml', does: 'another file' },
    { line: 'turnout init --force', does: 'begin anew' },
  ],
  guesses: ['new', 'create', 'configure'],
})

export const CHECK = row({
  name: 'check',
  summary: 'validate a configuration and print what each route can reach',
  about: ['No backend is asked. Exit code 0: valid, also with warnings; 1: not; 2: there is nothing to check.'],
  args: { file: { takes: 'FILE', path: 'file', doc: CONFIG.doc } },
  flags: {
    strict: { doc: 'a variable that is not set is an error, not a warning: for a pipeline in which all are set' },
    config: { ...CONFIG, doc: 'the same as FILE' },
  },
  either: [{ flags: ['config'], args: ['file'], why: 'FILE and --config name the same: leave out one' }],
  examples: [
    { line: 'turnout check', does: 'the configuration that `turnout serve` would take' },
    { line: 'turnout check cheap.yaml', does: 'another one' },
    { line: 'turnout check --strict', does: 'in a pipeline that has the keys' },
  ],
  guesses: ['validate', 'lint', 'test', 'config', 'doctor'],
})

export const SCHEMA = row({
  name: 'schema',
  summary: 'print the JSON schema of the configuration, for editors',
  about: ['An editor with a YAML language server reads it from a first line `# yaml-language-server: $schema=FILE`.'],
  args: {},
  flags: {},
  examples: [
    { line: 'turnout schema', does: 'on standard output' },
    { line: 'turnout schema > turnout.schema.json', does: 'into a file' },
  ],
})

export const COMPLETION = row({
  name: 'completion',
  summary: 'print the completion script of a shell',
  about: [
    'For one session: `source <(turnout completion bash)`, the same with zsh behind `compinit`, and ' +
      '`turnout completion fish | source`. To keep it, write it into a file as the examples do.',
  ],
  args: { shell: { words: ['bash', 'zsh', 'fish'], needed: true, doc: 'the shell' } },
  flags: {},
  examples: [
    {
      line: 'turnout completion bash > ~/.local/share/bash-completion/completions/turnout',
      does: 'for bash with the package bash-completion; else add its output to ~/.bashrc',
    },
    { line: 'turnout completion zsh > "${fpath[1]}/_turnout"', does: 'for zsh' },
    { line: 'turnout completion fish > ~/.config/fish/completions/turnout.fish', does: 'for fish' },
  ],
  guesses: ['completions', 'complete', 'autocomplete'],
})

export const HELP = row({
  name: 'help',
  summary: 'list the commands, or show the help of one',
  args: {
    command: { takes: 'COMMAND', hints: 'commands', doc: 'the command; the list without one' },
    verb: { takes: 'WORD', doc: 'the second word of a command of two' },
  },
  flags: {},
  examples: [
    { line: 'turnout help', does: 'all commands' },
    { line: 'turnout help key create', does: 'the same as `turnout key create --help`' },
  ],
})

export const VERSION_ROW = row({
  name: 'version',
  summary: 'print the version',
  args: {},
  flags: {},
  examples: [
    { line: 'turnout version', does: 'the number alone' },
    { line: 'turnout --version', does: 'the same' },
  ],
})
