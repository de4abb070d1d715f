/** Short messages that say that the answer before them is wrong. Pure; nothing of a text is kept. */
import { textBytes } from '../../core/cut-text.ts'

/** Longer ones say what is wanted now, and hold such words by chance. Bytes. */
const LONGEST = 160

/** With one character for each byte of their UTF-8. */
const bytes = (words: string): string => Buffer.from(words, 'utf8').toString('latin1')

/** How such messages begin, by language. A word boundary is that of ASCII, so none stands beside an accent. */
const BEGINNINGS: Readonly<Record<string, readonly string[]>> = {
  en: [
    "(no,? |nope,? |sorry,? |but )?(that|this|it)('s| is| was) (still )?(wrong|incorrect|not (right|correct|true|what i (asked|wanted|meant)))",
    "(no,? )?(that|this|it) (still )?(doesn't|does not|didn't|did not) (work|help|compile)",
    '(no,? |still )?(wrong|incorrect)( answer| again)?( ?[.,!;:]|$)',
    "(no,? )?you('re| are) (wrong|mistaken)\\b",
    "(no,? )?(that's )?not what i (asked|wanted|meant)",
    "you (misunderstood|didn't answer|did not answer|ignored)",
    '(please )?(try|do it) again( ?[.,!;:]|$)',
  ],
  de: [
    '(nein,? )?(das|es) (ist|war) (immer noch |leider )?(falsch|nicht (richtig|korrekt|wahr|das,? was ich))',
    '(nein,? )?(das|es) (funktioniert|klappt|geht|hilft|stimmt) (immer noch |leider |so )?nicht',
    '(nein,? |immer noch )?falsch( ?[.,!;:]|$)',
    '(nein,? )?du (irrst dich|hast (mich )?(falsch|nicht) verstanden|liegst falsch)',
  ],
  fr: [
    "(non,? )?(c'est|ce n'est|c'était) (toujours |encore )?(faux|incorrect|pas (correct|juste|vrai|bon|ce que j))",
    '(non,? )?(ça|Ça|cela) ne (marche|fonctionne) (toujours )?pas',
    '(non,? )?(faux|incorrect)( ?[.,!;:]|$)',
    '(non,? )?(tu te trompes|vous vous trompez)',
  ],
  es: [
    '(no,? )?(eso|esto) (todavía |sigue )?(está mal|es incorrecto|es falso|no es (correcto|cierto|lo que))',
    '(no,? )?(eso |esto )?(sigue sin funcionar|no funciona)( ?[.,!;:]|$)',
    '(no,? )?(está mal|incorrecto|te equivocas)( ?[.,!;:]|$)',
  ],
  it: [
    '(no,? )?(è|È|questo è|quello è) (ancora )?(sbagliato|errato|falso)',
    '(no,? )?(questo |ancora )?non (funziona|è (corretto|giusto|vero|quello che))',
    '(no,? )?(sbagliato|errato|ti sbagli)( ?[.,!;:]|$)',
  ],
  pt: [
    '(não,? )?(isso|isto) (ainda )?(está errado|é falso|não (está certo|está correto|é verdade|é o que|funciona|funcionou))',
    '(não,? )?(errado|incorreto|você está errado|não funciona)( ?[.,!;:]|$)',
  ],
  nl: [
    '(nee,? )?(dat|dit|het) (is|was) (nog steeds )?(fout|verkeerd|onjuist|niet (juist|goed|waar|wat ik))',
    '(nee,? )?(dat|dit|het) (werkt|klopt) (nog steeds )?niet',
    '(nee,? )?(fout|verkeerd)( ?[.,!;:]|$)',
  ],
  ru: [
    '((нет|Нет),? )?(это|Это) ((всё ещё|все еще) )?(неверно|неправильно|не так|не работает|ошибка|не то)',
    '((нет|Нет),? )?(неверно|неправильно|Неверно|Неправильно)( ?[.,!;:]|$)',
  ],
  zh: [
    '(不，|不,|不对|不對)?(这|這|那|你)?(还是|還是|仍然)?(是)?(错的|錯的|错了|錯了|不对|不對|不正确|不正確)',
    '(还是|還是)(不行|不对|不對)',
  ],
  ja: [
    '((いいえ|いや)(、)?)?(それは|これは|まだ)?(違います|違う|間違って|間違い|まちがって|正しくない|正しくありません|動きません)',
  ],
  ko: [
    '(아니(요)?,? ?)?(그건|그거|그것은|이건|이것은|여전히)? ?(틀렸|틀린|잘못됐|잘못되었|맞지 않|아니에요|작동하지 않)',
  ],
}

/** As bytes, and as the characters that escapes in JSON give. */
const ALL = Object.values(BEGINNINGS).flat()
const OBJECTION = new RegExp(`^\\s*(?:${[...new Set([...ALL, ...ALL.map(bytes)])].join('|')})`, 'i')

/** `text` has one character for each byte. */
export const objects = (text: string): boolean => textBytes(text) <= LONGEST && OBJECTION.test(text)
