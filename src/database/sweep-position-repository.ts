import type { SweepPositionRepository } from '../core/ports/deletion-repository'
import { readRows, runRepeatableBatch } from './d1'

export function createSweepPositionRepository(db: D1Database): SweepPositionRepository {
  return {
    async all() {
      const rows = await readRows<{ step: string; position: string }>(
        'sweepPositions.all',
        db.prepare('SELECT step, position FROM sweep_positions'),
      )
      return new Map(rows.map(({ step, position }) => [step, position]))
    },

    async keep(step, position) {
      const statement =
        position === null
          ? db.prepare('DELETE FROM sweep_positions WHERE step = ?1').bind(step)
          : db
              .prepare(
                `INSERT INTO sweep_positions (step, position) VALUES (?1, ?2)
                 ON CONFLICT (step) DO UPDATE SET position = excluded.position`,
              )
              .bind(step, position)
      await runRepeatableBatch(db, 'sweepPositions.keep', [statement])
    },
  }
}
