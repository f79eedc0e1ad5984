/*
 * What fakes are made of. Hosts, addresses and telephone numbers are those that are reserved for
 * examples (RFC 2606, RFC 5737, RFC 3849; 555-01xx).
 */

export const firstNames: readonly string[] = words(
  'Ada Alan Barbara Clara Donald Edith Frances Grace Hedy Ivan Joan Karen Leslie Margaret Niko Olga Peter Radia Sophie Tony',
);

export const lastNames: readonly string[] = words(
  'Allen Bernhardt Conti Dijk Eriksen Fischer Garcia Haddad Ito Jansen Kowalski Lindqvist Moreau Novak Okafor Perez Rossi Silva Tanaka Weber',
);

export const companies: readonly string[] = [
  'Acme',
  'Blue Harbour',
  'Cedar & Sons',
  'Delta Works',
  'Evergreen',
  'Fernhill',
  'Granite Labs',
  'Harvest',
];

export const products: readonly string[] = [
  'Oak table',
  'Steel bottle',
  'Desk lamp',
  'Wool blanket',
  'Garden chair',
  'Paper lantern',
  'Travel bag',
  'Ceramic bowl',
];

export const streets: readonly string[] = words(
  'Elm Harbour Mill Park Station Orchard Church Bridge Garden Market',
);

/** City, country, code of the country, time zone, currency. */
export const places: readonly (readonly [string, string, string, string, string])[] = [
  ['Lisbon', 'Portugal', 'PT', 'Europe/Lisbon', 'EUR'],
  ['Oslo', 'Norway', 'NO', 'Europe/Oslo', 'NOK'],
  ['Nairobi', 'Kenya', 'KE', 'Africa/Nairobi', 'KES'],
  ['Osaka', 'Japan', 'JP', 'Asia/Tokyo', 'JPY'],
  ['Boston', 'United States', 'US', 'America/New_York', 'USD'],
  ['Toronto', 'Canada', 'CA', 'America/Toronto', 'CAD'],
  ['Lyon', 'France', 'FR', 'Europe/Paris', 'EUR'],
  ['Recife', 'Brazil', 'BR', 'America/Recife', 'BRL'],
];

export const colors: readonly string[] = words('red green blue teal amber violet grey black white');

export const tags: readonly string[] = words(
  'new sale draft urgent internal beta archived featured eu weekly',
);

export const nouns: readonly string[] = words(
  'river lantern harbour meadow anchor copper willow signal ember orbit canvas beacon',
);

export const sentences: readonly string[] = [
  'The parcel is at the back door.',
  'It works as it should.',
  'Please call before you come.',
  'All of it was checked twice.',
  'There are two of them left.',
  'It will be ready by Friday.',
  'Nobody has asked for it yet.',
  'The second try went well.',
];

export const locales: readonly string[] = words('en-GB en-US pt-PT fr-FR ja-JP nb-NO');

export const mediaTypes: readonly string[] = words(
  'application/json text/plain image/png application/pdf',
);

function words(list: string): string[] {
  return list.split(' ');
}
