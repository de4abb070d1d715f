/** Completion for bash, from 3.2 on, without the package bash-completion. Pure. */
import { block, flagArms, leadingOn, type Shell, valueArms, withValue, wordArms } from './arms.ts'
import type { Place } from './places.ts'

const BASH: Shell = {
  words: (words) => `_turnout_words ${words.join(' ')}`,
  named: (named) => `_turnout_words ${named.map(({ name }) => name).join(' ')}`,
  path: (path) => `_turnout_paths ${path === 'file' ? '-f' : '-d'}`,
}

export const bashScript = (
  places: readonly Place[],
): string => `# Completion of turnout for bash; \`turnout completion bash\` made it.

_turnout_words() {
  COMPREPLY=($(compgen -W "$*" -- "$word"))
}

_turnout_paths() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen "$1" -- "$word"))
}

_turnout() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" place= count=0 i
  COMPREPLY=()
  # To readline an equals sign is a word.
  if [[ $word == '=' ]]; then
    word=
  elif [[ $before == '=' ]]; then
    before="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$place \${COMP_WORDS[i]}" in
      ${leadingOn(places)}) place="\${place:+$place }\${COMP_WORDS[i]}" ;;
      ${withValue(places)})
        [[ "\${COMP_WORDS[i+1]}" == '=' ]] && ((i++))
        ((i++)) ;;
      # So is a colon.
      *' :') ((i++)) ;;
      *' -'*) ;;
      *) ((count++)) ;;
    esac
  done
  case "$place $before" in
${block(valueArms(places, BASH), 4)}
  esac
  if [[ $word == -* ]]; then
    case "$place" in
${block(flagArms(places, BASH), 6)}
    esac
    return
  fi
  case "$place $count" in
${block(wordArms(places, BASH), 4)}
  esac
}

complete -F _turnout turnout
`
