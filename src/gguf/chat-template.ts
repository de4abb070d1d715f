/**
 * What a chat template has a place for, by the names that it reads. The template is a program that is not run here: what it is given but does not name it
 * cannot show the model, and that much is certain; that it names something is a good sign, no proof. Pure.
 */
export interface Abilities {
  readonly system: boolean
  readonly tools: boolean
  /** Calls of tools that the model has made before. */
  readonly toolCalls: boolean
  readonly thinking: boolean
  /** It can be told not to think, or how much. */
  readonly thinkingSwitch: boolean
  readonly images: boolean
  readonly audio: boolean
}

/** Refused in the template itself: `raise_exception("System role not supported")`. */
const NO_SYSTEM = /raise_exception\(\s*(['"])[^'"]*system[^'"]*not supported[^'"]*\1/i

/** A template that takes each message by its role has a place for a system message. */
const ANY_ROLE = /\{\{[^}]*(?:\brole\b|\[\s*['"]role['"]\s*\])/

export const abilitiesOf = (template: string): Abilities => ({
  system: !NO_SYSTEM.test(template) && (/['"]system['"]/.test(template) || ANY_ROLE.test(template)),
  tools: /\btools\b/.test(template),
  toolCalls: /\btool_calls\b/.test(template),
  thinking: /<think>|reasoning_content|enable_thinking|<\|channel\|?>|thinking/.test(template),
  thinkingSwitch: /\benable_thinking\b|\breasoning_effort\b|\bthinking_budget\b|\bthinking\s+is\s+defined/.test(
    template,
  ),
  images: /['"]image(?:_url)?['"]|<\|?image|vision_start/.test(template),
  audio: /['"](?:input_)?audio['"]|<\|?audio/.test(template),
})
