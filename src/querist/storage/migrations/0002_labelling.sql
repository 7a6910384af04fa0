-- The labelling page. A hand-out is a lease of one place (slot) of an item to one person; the two unique indexes hold the
-- promise that an item never has more live leases and counted answers than places, and is never with one person twice.
CREATE TABLE handed (
    stream TEXT NOT NULL,
    query TEXT NOT NULL,
    item TEXT NOT NULL,
    place INTEGER NOT NULL CHECK (place >= 0),
    person TEXT NOT NULL,
    tab TEXT NOT NULL,
    fence INTEGER NOT NULL,
    role TEXT NOT NULL,
    until REAL NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'returned', 'undone', 'replaced')),
    replaces TEXT,
    told INTEGER,
    seq INTEGER NOT NULL,
    PRIMARY KEY (stream, query),
    FOREIGN KEY (stream, seq) REFERENCES event (stream, seq)
) WITHOUT ROWID;

CREATE UNIQUE INDEX handed_slot ON handed (stream, item, place) WHERE state IN ('open', 'answered');
CREATE UNIQUE INDEX handed_once ON handed (stream, item, person) WHERE state IN ('open', 'answered');
CREATE INDEX handed_item ON handed (stream, item);
CREATE INDEX handed_open ON handed (stream, until) WHERE state = 'open';
CREATE INDEX handed_held ON handed (stream, person, tab) WHERE state = 'open';
CREATE INDEX handed_told ON handed (stream, person, told) WHERE state = 'answered';
CREATE INDEX handed_tab ON handed (stream, person, tab, told) WHERE state = 'answered';

ALTER TABLE answer ADD COLUMN counted INTEGER NOT NULL DEFAULT 1;
ALTER TABLE answer ADD COLUMN seconds REAL;
ALTER TABLE answer ADD COLUMN role TEXT;

-- Answers that came too late are few, and looked for by item: without the index, all events would be read.
CREATE INDEX event_late ON event (stream, seq) WHERE kind = 'late';

CREATE INDEX item_by_state ON item (stream, state, last_seq);

-- The newest answers that somebody was asked for, without those of an import before them.
CREATE INDEX answer_asked ON answer (stream, seq) WHERE counted AND query IS NOT NULL;

-- Tallies: counting a million rows at every look at the panel would be slow. How many items are in each state (and
-- "flagged"), how many labels name each class, how many answers count and the time they took in ms. Triggers keep them,
-- but for the classes: the fold counts those, for JSON functions are not for triggers of a file that is not trusted.
CREATE TABLE tally (
    stream TEXT NOT NULL,
    state TEXT NOT NULL,
    items INTEGER NOT NULL,
    PRIMARY KEY (stream, state)
) WITHOUT ROWID;

CREATE TABLE class_tally (
    stream TEXT NOT NULL,
    class TEXT NOT NULL,
    items INTEGER NOT NULL,
    PRIMARY KEY (stream, class)
) WITHOUT ROWID;

CREATE TABLE answer_tally (
    stream TEXT PRIMARY KEY NOT NULL,
    answers INTEGER NOT NULL,
    ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER item_comes AFTER INSERT ON item
BEGIN
    INSERT INTO tally VALUES (NEW.stream, NEW.state, 1) ON CONFLICT (stream, state) DO UPDATE SET items = items + 1;
END;

CREATE TRIGGER item_goes AFTER DELETE ON item
BEGIN
    UPDATE tally SET items = items - 1 WHERE stream = OLD.stream AND state = OLD.state;
END;

CREATE TRIGGER item_changes AFTER UPDATE OF state ON item WHEN OLD.state <> NEW.state
BEGIN
    UPDATE tally SET items = items - 1 WHERE stream = OLD.stream AND state = OLD.state;
    INSERT INTO tally VALUES (NEW.stream, NEW.state, 1) ON CONFLICT (stream, state) DO UPDATE SET items = items + 1;
END;

CREATE TRIGGER answer_comes AFTER INSERT ON answer WHEN NEW.counted
BEGIN
    INSERT INTO answer_tally VALUES (NEW.stream, 1, coalesce(CAST(round(1000 * NEW.seconds) AS INTEGER), 0))
    ON CONFLICT (stream) DO UPDATE SET answers = answers + 1, ms = ms + excluded.ms;
END;

CREATE TRIGGER answer_goes AFTER DELETE ON answer WHEN OLD.counted
BEGIN
    UPDATE answer_tally SET answers = answers - 1, ms = ms - coalesce(CAST(round(1000 * OLD.seconds) AS INTEGER), 0)
    WHERE stream = OLD.stream;
END;

CREATE TRIGGER answer_is_taken_back AFTER UPDATE OF counted ON answer WHEN OLD.counted AND NOT NEW.counted
BEGIN
    UPDATE answer_tally SET answers = answers - 1, ms = ms - coalesce(CAST(round(1000 * OLD.seconds) AS INTEGER), 0)
    WHERE stream = OLD.stream;
END;

CREATE TABLE flag (
    stream TEXT NOT NULL,
    item TEXT NOT NULL,
    person TEXT NOT NULL,
    note TEXT,
    seq INTEGER NOT NULL,
    PRIMARY KEY (stream, item),
    FOREIGN KEY (stream, seq) REFERENCES event (stream, seq)
) WITHOUT ROWID;

CREATE TRIGGER flag_comes AFTER INSERT ON flag
BEGIN
    INSERT INTO tally VALUES (NEW.stream, 'flagged', 1) ON CONFLICT (stream, state) DO UPDATE SET items = items + 1;
END;

CREATE TRIGGER flag_goes AFTER DELETE ON flag
BEGIN
    UPDATE tally SET items = items - 1 WHERE stream = OLD.stream AND state = 'flagged';
END;

CREATE TABLE setting (
    stream TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (stream, name)
) WITHOUT ROWID;

CREATE TABLE class (
    stream TEXT NOT NULL,
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (stream, place),
    UNIQUE (stream, name)
) WITHOUT ROWID;

-- Not read from the journal: what the last model said, and replies to posts that may be repeated.
CREATE TABLE queue (
    place INTEGER PRIMARY KEY,
    item TEXT NOT NULL UNIQUE,
    score REAL,
    reason TEXT NOT NULL,
    role TEXT NOT NULL
);

CREATE INDEX queue_by_role ON queue (role, place);

CREATE TABLE guess (
    item TEXT PRIMARY KEY,
    shares TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE reply (
    person TEXT NOT NULL,
    key TEXT NOT NULL,
    body BLOB NOT NULL,
    status INTEGER NOT NULL,
    text TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (person, key)
) WITHOUT ROWID;
