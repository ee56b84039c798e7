import type { Dialect } from '../../http/mount'
import { problems } from '../../http/problem-details'
import { getHealthOperation } from './operations/get-health'

/** Whether the gateway works, for monitors: `/health`. */
export const healthDialect: Dialect = {
  path: '/health',
  operations: [getHealthOperation],
  guards: [],
  owns: [],
  ...problems,
}
