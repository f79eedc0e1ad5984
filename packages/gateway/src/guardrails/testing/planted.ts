/**
 * Texts that guardrails find, each of them whole: made for tests, and put together here so that nothing
 * takes this file for a leak.
 */
export const planted: readonly string[] = [
  ['gh', 'p_', '4fK9xQ2mZ7vB1nL8sD3wR6tY5uH0jGcEaPiO'].join(''),
  ['AK', 'IA', 'Q3EGXK7VZ2RT5WBM'].join(''),
  ['sk-', 'ant-', 'api03-', 'x9Kq2Lm7Zp4Rt8Vw1Yb6Nc3Hd5Jf0Gs'].join(''),
  ['sk_', 'live_', '4eC39HqLyjWDarjtT1zdp7dc'].join(''),
  [
    '-----BEGIN ',
    'PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSj',
    '\n-----END PRIVATE KEY-----',
  ].join(''),
  'ada.lovelace+math@mail.example.org',
  '+44 20 7946 0958',
  '(212) 555-0187',
  'GB82 WEST 1234 5698 7654 32',
  'DE89370400440532013000',
  '4111 1111 1111 1111',
  '378282246310005',
  '536-90-4399',
  '203.0.113.77',
  '2001:db8:85a3::8a2e:370:7334',
  'project Falcon',
  'ACME.com',
  'ünlü',
  'INT-20417',
  '<<for eyes only>>',
];
