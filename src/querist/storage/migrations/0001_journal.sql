-- The journal and its projections. Numbered scripts are never changed once released: add the next number.
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

-- The truth: events in order, each with a digest over itself and the one before it, so that a changed byte is found.
CREATE TABLE event (
    stream TEXT NOT NULL CHECK (length(stream) > 0),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    at REAL NOT NULL,
    kind TEXT NOT NULL CHECK (length(kind) > 0),
    payload TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 16),
    PRIMARY KEY (stream, seq)
);

CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

-- Projections: what the events amount to, written in the transaction of the event.
CREATE TABLE item (
    stream TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('unlabelled', 'pending', 'labelled', 'skipped', 'rejected')),
    value TEXT,
    answers INTEGER NOT NULL DEFAULT 0,
    last_seq INTEGER NOT NULL,
    PRIMARY KEY (stream, id),
    FOREIGN KEY (stream, last_seq) REFERENCES event (stream, seq)
) WITHOUT ROWID;

CREATE TABLE answer (
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    place INTEGER NOT NULL,
    item TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT,
    annotator TEXT NOT NULL,
    cost REAL NOT NULL,
    provenance TEXT NOT NULL,
    query TEXT,
    PRIMARY KEY (stream, seq, place),
    FOREIGN KEY (stream, seq) REFERENCES event (stream, seq),
    FOREIGN KEY (stream, item) REFERENCES item (stream, id)
) WITHOUT ROWID;

CREATE INDEX answer_by_item ON answer (stream, item);

CREATE TABLE model (
    stream TEXT NOT NULL,
    round INTEGER NOT NULL,
    digest TEXT,
    labels INTEGER NOT NULL,
    cost REAL NOT NULL,
    metrics TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (stream, round),
    FOREIGN KEY (stream, seq) REFERENCES event (stream, seq)
) WITHOUT ROWID;

CREATE TABLE status (
    stream TEXT PRIMARY KEY NOT NULL,
    turns INTEGER NOT NULL DEFAULT 0,
    rounds INTEGER NOT NULL DEFAULT 0,
    answers INTEGER NOT NULL DEFAULT 0,
    cost REAL NOT NULL DEFAULT 0,
    stopped_rule TEXT,
    stopped_text TEXT,
    last_seq INTEGER NOT NULL,
    FOREIGN KEY (stream, last_seq) REFERENCES event (stream, seq)
) WITHOUT ROWID;
