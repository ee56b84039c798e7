import { failingParts } from '../../../core/health'
import { operation } from '../../../http/operation'

export const getHealthOperation = operation({
  name: 'getHealth',
  method: 'get',
  path: '',
  summary: 'Whether database, bucket and store keys work',
  access: 'public',
  answers: { 200: 'Healthy', 503: 'Unhealthy' },
  async handle(c) {
    const failing = await failingParts(c.get('gateway'))
    return failing.length === 0 ? c.json({ status: 'ok' }) : c.json({ status: 'unavailable', failing }, 503)
  },
})
