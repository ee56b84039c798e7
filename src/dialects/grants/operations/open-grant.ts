import { fail } from '../../../core/errors'
import { ownUse } from '../../../core/grants/look-at-grants'
import { operation } from '../../../http/operation'
import { presentHeld } from '../presenter'
import { answerPage, asksForPage } from '../upload-page'

/** What a grant still allows, for programs; for browsers the page on which people use it. */
export const openGrantOperation = (storeOrigin: string) =>
  operation({
    name: 'openGrant',
    method: 'get',
    path: '/:token',
    summary: 'What this grant still allows; for browsers a page to upload on',
    access: 'public',
    answers: { 200: 'HeldGrant' },
    fails: ['unauthenticated', 'grant_refuses_origin', 'rate_limited', 'database_failed'],
    async handle(c) {
      if (asksForPage(c)) return answerPage(c, storeOrigin)
      const principal = c.get('principal')
      if (principal?.kind !== 'grant') fail({ code: 'unauthenticated', reason: 'invalid' })
      const { grant } = principal
      return c.json(presentHeld(grant, await ownUse(c.get('gateway'), grant)))
    },
  })
