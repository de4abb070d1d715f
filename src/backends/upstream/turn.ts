/** Turns of the event loop, counted where somebody asks. Within one turn not every socket that has something to be read has been read. */

let turn = 0
let asked = false

export function thisTurn(): number {
  if (!asked) {
    asked = true
    setImmediate(() => {
      turn++
      asked = false
    })
  }
  return turn
}
