import { describe, expect, it } from 'vitest'
import { type FileId, sha256Of } from '../../src/core/ids'
import { type Appender, appender, contentOf, cut } from '../support/append'
import { expectInvariants } from '../support/invariants'
import { listingStores } from '../support/start-over'
import { objectKeys } from '../support/worker'

const mebibyte = 1024 ** 2
const partBytes = 5 * mebibyte

describe.each(listingStores)('bytes that are appended over $name', (store) => {
  const sizes = [0, 1, partBytes - 1, partBytes, partBytes + 1, 3 * partBytes + 17, 30 * mebibyte]
  const portions = [500 * 1024, 5 * mebibyte, 6 * mebibyte, Number.POSITIVE_INFINITY]
  it.each(
    sizes.flatMap((byteSize) =>
      portions.flatMap((portionBytes) =>
        // Without a length nothing differs by how many parts there are.
        (byteSize < 30 * mebibyte ? [true, false] : [true]).map((isLengthKnown) => ({
          byteSize,
          portionBytes,
          isLengthKnown,
        })),
      ),
    ),
  )(
    'become one file of $byteSize bytes from portions of $portionBytes, length known: $isLengthKnown',
    async ({ byteSize, portionBytes, isLengthKnown }) => {
      const api = await appender(store)
      const bytes = contentOf(byteSize)
      const file = await api.upload(bytes, {
        portionBytes,
        isLengthKnown,
        isAnnounced: portionBytes > 600_000,
      })
      await expectWhole(api, file.id, bytes)
    },
  )

  it.each([1, 7, 1000])('become one file from portions of %i bytes', async (portionBytes) => {
    const api = await appender(store)
    const bytes = contentOf(portionBytes * 40 + 3)
    const file = await api.upload(bytes, { portionBytes, isLengthKnown: true })
    await expectWhole(api, file.id, bytes)
  })

  async function expectWhole(api: Appender, id: FileId, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    expect(await sha256Of(await api.read(id))).toBe(await sha256Of(bytes))
    expect(await objectKeys()).toHaveLength(1)
    await expectInvariants({ swept: true })
  }
})

describe('portions', () => {
  it('are cut as they are', () => {
    expect([...cut(new Uint8Array(5), 2)].map(({ length }) => length)).toEqual([2, 2, 1])
  })
})
