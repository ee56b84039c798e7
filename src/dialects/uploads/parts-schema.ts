import * as z from 'zod'
import { partCountMax } from '../../core/uploads/parts'
import { mustBe } from '../../http/field-messages'
import { integerOf } from '../../http/lenient-values'
import { respelled } from '../../http/respell-fields'

/** The number of a part; also as digits, as clients have it that keep parts by their numbers in an object. */
export const partNumber = () =>
  z.preprocess(
    integerOf,
    z
      .int(mustBe('a whole number, that of the part'))
      .min(1, mustBe('1 or more'))
      .max(partCountMax, mustBe(`at most ${partCountMax}`)),
  )

const etagOfPart = mustBe('the ETag that the PUT of the part was answered with')

/** With its quotes, as browsers read it from the header, or without; weak where a proxy compressed the answer. */
const etag = () =>
  z
    .string(etagOfPart)
    .transform((text) =>
      text
        .replaceAll('&quot;', '"')
        .replace(/^W\//, '')
        .replace(/^"(.*)"$/, '$1'),
    )
    .refine((text) => /^[\x21\x23-\x7e]{1,256}$/.test(text), etagOfPart)

/** S3 has capitals in these names, and so do its clients. */
const namedPart = () =>
  z.preprocess(
    respelled(['partNumber', 'etag'], { suggests: false }),
    z.object({ partNumber: partNumber(), etag: etag() }, mustBe('an object with partNumber and etag')),
  )

/** The parts of an upload in any order. A part that is named twice alike is one; with two ETags it is refused. */
export const namedParts = () =>
  z
    .array(z.unknown(), mustBe('a list of parts'))
    .max(2 * partCountMax, `must name at most ${partCountMax} parts`)
    .pipe(z.array(namedPart()))
    .transform((parts, context) => {
      const etags = new Map<number, string>()
      for (const [at, part] of parts.entries()) {
        const before = etags.get(part.partNumber)
        etags.set(part.partNumber, part.etag)
        if (before === undefined || before === part.etag) continue
        const message = `is another ETag for part ${part.partNumber} than the one before; name each part once`
        context.addIssue({ code: 'custom', path: [at, 'etag'], message, input: parts })
        break
      }
      return [...etags].map(([number, tag]) => ({ partNumber: number, etag: tag }))
    })
