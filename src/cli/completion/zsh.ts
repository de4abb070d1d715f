/** Completion for zsh: a file of \`fpath\`, or sourced behind \`compinit\`. Pure. */
import { block, flagArms, leadingOn, type Shell, valueArms, withValue, wordArms } from './arms.ts'
import type { Named, Place } from './places.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
const described = ({ name, doc }: Named): string => quoted(`${name}:${doc}`)

const ZSH: Shell = {
  words: (words) => `compadd -- ${words.join(' ')}`,
  named: (named) => `_turnout_named ${named.map(described).join(' ')}`,
  path: (path) => (path === 'file' ? '_files' : '_files -/'),
}

export const zshScript = (places: readonly Place[]): string => `#compdef turnout
# Completion of turnout for zsh; \`turnout completion zsh\` made it.

_turnout_named() {
  local -a all
  all=("$@")
  if [[ $1 == -* ]]; then
    _describe -o flag all
  else
    _describe command all
  fi
}

_turnout() {
  local before="$words[CURRENT-1]" place=
  integer count=0 i
  if [[ $words[CURRENT] == --*=* ]]; then
    before="\${words[CURRENT]%%=*}"
    compset -P 1 '*='
  fi
  for ((i = 2; i < CURRENT; i++)); do
    case "$place $words[i]" in
      ${leadingOn(places)}) place="\${place:+$place }$words[i]" ;;
      ${withValue(places)}) ((i++)) ;;
      *' -'*) ;;
      *) ((count++)) ;;
    esac
  done
  case "$place $before" in
${block(valueArms(places, ZSH), 4)}
  esac
  if [[ $PREFIX == -* ]]; then
    case "$place" in
${block(flagArms(places, ZSH), 6)}
    esac
    return
  fi
  case "$place $count" in
${block(wordArms(places, ZSH), 4)}
  esac
}

if [[ \${funcstack[1]} == _turnout ]]; then
  _turnout "$@"
else
  compdef _turnout turnout
fi
`
