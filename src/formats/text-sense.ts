/** Whether the text of an answer, which comes in pieces, says anything: more than blanks, and than thinking that was left in it. Pure. */

/** Thinking that engines without a parser for it leave in the text. */
const THOUGHTS: readonly (readonly [opener: string, closer: string])[] = [
  ['<think>', '</think>'],
  ['<thinking>', '</thinking>'],
  ['<thought>', '</thought>'],
  ['<reasoning>', '</reasoning>'],
  ['<seed:think>', '</seed:think>'],
  ['[THINK]', '[/THINK]'],
  ['◁think▷', '◁/think▷'],
  // Templates that end with the opener leave only the closer to the model.
  ['</think>', ''],
]

/** Text that is neither blank nor thinking. */
export class TextSense {
  /** For sure; from here on nothing needs to be looked at. */
  sure = false
  /** What ends the thinking that the text is in. */
  #closer: string | null = null
  /** Of the text: the beginning of what may be an opener or a closer. */
  #rest = ''

  /** If nothing more came. */
  get found(): boolean {
    return this.sure || (this.#closer === null && this.#rest !== '')
  }

  push(piece: string): void {
    if (this.sure) return
    let text = this.#rest + piece
    for (;;) {
      if (this.#closer === null) {
        text = text.replace(BLANK, '')
        const thought = THOUGHTS.find(([opener]) => text.startsWith(opener))
        if (thought === undefined) break
        text = text.slice(thought[0].length)
        this.#closer = thought[1]
      }
      const end = text.indexOf(this.#closer)
      if (end < 0) {
        this.#rest = text.slice(1 - this.#closer.length)
        return
      }
      text = text.slice(end + this.#closer.length)
      this.#closer = null
    }
    this.#rest = text
    if (text !== '' && !THOUGHTS.some(([opener]) => opener.startsWith(text))) this.sure = true
  }
}

/** White space at the start, and signs of no width. */
const BLANK = /^[\s\u200b-\u200d\u2060]+/
