import type { Shop } from './order.ts'

const STOCK: Readonly<Record<string, number>> = { 'tea-pot': 4, 'tea-cup': 120, samovar: 0 }
const COUNTRIES = ['AT', 'DE', 'FR', 'IT', 'PT']

/** A small shop in this process. */
export function openShop(tell: (line: string) => void): Shop {
  return {
    has: async (sku, count) => (STOCK[sku] ?? 0) >= count,
    authorize: async (card, cents) => /^\d{16}$/.test(card) && cents <= 500_00,
    reaches: async (country) => COUNTRIES.includes(country),
    async ship(order) {
      tell(`shipped ${order}`)
      return `parcel-${order}`
    },
    mail: async (to, subject) => tell(`mail to ${to}: ${subject}`),
  }
}
