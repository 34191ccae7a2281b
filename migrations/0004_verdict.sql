-- The four answers, as a type for runs and verdicts.
-- Lock: none (new type). Time: milliseconds.
CREATE TYPE verdict AS ENUM ('passes', 'fails', 'not_attempted', 'inconclusive');
