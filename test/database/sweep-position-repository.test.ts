import { expect, it } from 'vitest'
import { repositories } from '../support/entities'
import '../support/fresh-storage'

const { sweepPositions } = repositories

it('the position of a step is kept, replaced and forgotten', async () => {
  expect(await sweepPositions.all()).toEqual(new Map())
  await sweepPositions.keep('incoming', 'at a')
  await sweepPositions.keep('deletions', '7/key')
  await sweepPositions.keep('incoming', 'at b')
  expect(await sweepPositions.all()).toEqual(
    new Map([
      ['incoming', 'at b'],
      ['deletions', '7/key'],
    ]),
  )
  await sweepPositions.keep('incoming', null)
  expect(await sweepPositions.all()).toEqual(new Map([['deletions', '7/key']]))
})
