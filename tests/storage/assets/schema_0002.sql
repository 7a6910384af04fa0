-- A journal as schema 2 wrote it; never change this file.
BEGIN TRANSACTION;
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
    query TEXT, counted INTEGER NOT NULL DEFAULT 1, seconds REAL, role TEXT,
    PRIMARY KEY (stream, seq, place),
    FOREIGN KEY (stream, seq) REFERENCES event (stream, seq),
    FOREIGN KEY (stream, item) REFERENCES item (stream, id)
) WITHOUT ROWID;
INSERT INTO "answer" VALUES('main',3,0,'a','label','"feline"','anna',1.0,'human','q0',1,1.5,'queue');
INSERT INTO "answer" VALUES('main',5,0,'b','label','"dog"','anna',1.0,'human','q1',0,1.5,'queue');
INSERT INTO "answer" VALUES('main',8,0,'b','label','"feline"','anna',1.0,'human','q2',1,1.5,'queue');
CREATE TABLE answer_tally (
    stream TEXT PRIMARY KEY NOT NULL,
    answers INTEGER NOT NULL,
    ms INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "answer_tally" VALUES('main',2,3000);
CREATE TABLE class (
    stream TEXT NOT NULL,
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (stream, place),
    UNIQUE (stream, name)
) WITHOUT ROWID;
INSERT INTO "class" VALUES('main',0,'feline',14);
INSERT INTO "class" VALUES('main',1,'dog',15);
CREATE TABLE class_tally (
    stream TEXT NOT NULL,
    class TEXT NOT NULL,
    items INTEGER NOT NULL,
    PRIMARY KEY (stream, class)
) WITHOUT ROWID;
INSERT INTO "class_tally" VALUES('main','cat',0);
INSERT INTO "class_tally" VALUES('main','dog',0);
INSERT INTO "class_tally" VALUES('main','feline',2);
CREATE TABLE event (
    stream TEXT NOT NULL CHECK (length(stream) > 0),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    at REAL NOT NULL,
    kind TEXT NOT NULL CHECK (length(kind) > 0),
    payload TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 16),
    PRIMARY KEY (stream, seq)
);
INSERT INTO "event" VALUES('main',1,1000.0,'created','{"spec":{},"seed":0,"schema":{"kind":"single","classes":["cat","dog"]},"pool":{"items":9,"digest":"00"}}',X'1BC9FF577DAD4EE969066567CA913560');
INSERT INTO "event" VALUES('main',2,1000.0,'asked','{"query":"q0","turn":0,"items":["a"],"strategy":"auto","scores":[0.5],"reasons":["r"],"user":"anna","until":2000.0,"role":"queue"}',X'87BDCF8D6F1837D9E529A8BCCECBDE98');
INSERT INTO "event" VALUES('main',3,1000.0,'told','{"query":"q0","answers":[{"item":"a","kind":"label","value":"cat","annotator":"anna","seconds":1.5}],"user":"anna","fence":0,"role":"queue"}',X'82E5DE8C5DD22C206C9E7699AFBE4E31');
INSERT INTO "event" VALUES('main',4,1000.0,'asked','{"query":"q1","turn":1,"items":["b"],"strategy":"auto","scores":[0.5],"reasons":["r"],"user":"anna","until":2000.0,"role":"queue"}',X'0BEC53F339A929580B7050D33B3C127A');
INSERT INTO "event" VALUES('main',5,1000.0,'told','{"query":"q1","answers":[{"item":"b","kind":"label","value":"dog","annotator":"anna","seconds":1.5}],"user":"anna","fence":1,"role":"queue"}',X'E57C3B01E88D3AB5C65756EA0C4A5E52');
INSERT INTO "event" VALUES('main',6,1000.0,'undone','{"query":"q1","items":["b"],"user":"anna","seq":5}',X'B100F603095BC725A4C55256E13158A2');
INSERT INTO "event" VALUES('main',7,1000.0,'asked','{"query":"q2","turn":2,"items":["b"],"strategy":"auto","scores":[0.5],"reasons":["r"],"user":"anna","until":2000.0,"role":"again"}',X'C9016253E1925F09782BC516BC95E104');
INSERT INTO "event" VALUES('main',8,1000.0,'told','{"query":"q2","answers":[{"item":"b","kind":"label","value":"cat","annotator":"anna","seconds":1.5}],"user":"anna","fence":2,"role":"queue"}',X'A742C7A4335D2D77EE36052582BEB0DF');
INSERT INTO "event" VALUES('main',9,1000.0,'asked','{"query":"q3","turn":3,"items":["c"],"strategy":"auto","scores":[0.5],"reasons":["r"],"user":"anna","until":2000.0,"role":"queue"}',X'90F5D7458E154645FB56D5918B61C8F3');
INSERT INTO "event" VALUES('main',10,1000.0,'returned','{"query":"q3","items":["c"],"why":"expired"}',X'33792AA5890748CD2EDA8DD6911AB9A3');
INSERT INTO "event" VALUES('main',11,1000.0,'flagged','{"item":"a","flag":true,"user":"anna","note":"odd"}',X'EF0F10657200382124C9F200C737973D');
INSERT INTO "event" VALUES('main',12,1000.0,'configured','{"strategy":"margin"}',X'5057444857407FDBE57063A2177242E5');
INSERT INTO "event" VALUES('main',13,1000.0,'class_added','{"class":"bird"}',X'CCAC923E8F59534DA6AACF2AD158A3ED');
INSERT INTO "event" VALUES('main',14,1000.0,'class_renamed','{"class":"cat","to":"feline"}',X'5790D8F8FA56E27067B783D05D7CFDEE');
INSERT INTO "event" VALUES('main',15,1000.0,'class_merged','{"class":"bird","into":"dog"}',X'CC31A12A0162DFD4298FAD14486E7C3F');
INSERT INTO "event" VALUES('main',16,1000.0,'asked','{"query":"q4","turn":4,"items":["a"],"strategy":"auto","scores":[0.5],"reasons":["r"],"user":"anna","until":2000.0,"role":"picked","replaces":"q0"}',X'FB27D4454E5BA025323251BAB766266F');
INSERT INTO "event" VALUES('main',17,1000.0,'asked','{"query":"q5","turn":5,"items":["d"],"strategy":"auto","scores":[0.5],"reasons":["r"],"user":"anna","until":2000.0,"role":"queue"}',X'2A3FB6F09CE4239DC91DD5DFF9D51433');
CREATE TABLE flag (
    stream TEXT NOT NULL,
    item TEXT NOT NULL,
    person TEXT NOT NULL,
    note TEXT,
    seq INTEGER NOT NULL,
    PRIMARY KEY (stream, item),
    FOREIGN KEY (stream, seq) REFERENCES event (stream, seq)
) WITHOUT ROWID;
INSERT INTO "flag" VALUES('main','a','anna','odd',11);
CREATE TABLE guess (
    item TEXT PRIMARY KEY,
    shares TEXT NOT NULL
) WITHOUT ROWID;
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
INSERT INTO "handed" VALUES('main','q0','a',0,'anna','',0,'queue',2000.0,'replaced',NULL,3,2);
INSERT INTO "handed" VALUES('main','q1','b',0,'anna','',1,'queue',2000.0,'undone',NULL,5,4);
INSERT INTO "handed" VALUES('main','q2','b',0,'anna','',2,'again',2000.0,'answered',NULL,8,7);
INSERT INTO "handed" VALUES('main','q3','c',0,'anna','',3,'queue',2000.0,'returned',NULL,NULL,9);
INSERT INTO "handed" VALUES('main','q4','a',0,'anna','',4,'picked',2000.0,'open','q0',NULL,16);
INSERT INTO "handed" VALUES('main','q5','d',0,'anna','',5,'queue',2000.0,'open',NULL,NULL,17);
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
INSERT INTO "item" VALUES('main','a','labelled','"feline"',1,16);
INSERT INTO "item" VALUES('main','b','labelled','"feline"',1,8);
INSERT INTO "item" VALUES('main','c','unlabelled',NULL,0,10);
INSERT INTO "item" VALUES('main','d','pending',NULL,0,17);
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);
INSERT INTO "meta" VALUES('created_by','querist 0.1.0');
INSERT INTO "meta" VALUES('schema_version','2');
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
CREATE TABLE queue (
    place INTEGER PRIMARY KEY,
    item TEXT NOT NULL UNIQUE,
    score REAL,
    reason TEXT NOT NULL,
    role TEXT NOT NULL
);
CREATE TABLE reply (
    person TEXT NOT NULL,
    key TEXT NOT NULL,
    body BLOB NOT NULL,
    status INTEGER NOT NULL,
    text TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (person, key)
) WITHOUT ROWID;
CREATE TABLE setting (
    stream TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (stream, name)
) WITHOUT ROWID;
INSERT INTO "setting" VALUES('main','strategy','"margin"');
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
INSERT INTO "status" VALUES('main',6,0,3,3.0,NULL,NULL,17);
CREATE TABLE tally (
    stream TEXT NOT NULL,
    state TEXT NOT NULL,
    items INTEGER NOT NULL,
    PRIMARY KEY (stream, state)
) WITHOUT ROWID;
INSERT INTO "tally" VALUES('main','flagged',1);
INSERT INTO "tally" VALUES('main','labelled',2);
INSERT INTO "tally" VALUES('main','pending',1);
INSERT INTO "tally" VALUES('main','unlabelled',1);
CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
CREATE INDEX answer_by_item ON answer (stream, item);
CREATE UNIQUE INDEX handed_slot ON handed (stream, item, place) WHERE state IN ('open', 'answered');
CREATE UNIQUE INDEX handed_once ON handed (stream, item, person) WHERE state IN ('open', 'answered');
CREATE INDEX handed_item ON handed (stream, item);
CREATE INDEX handed_open ON handed (stream, until) WHERE state = 'open';
CREATE INDEX handed_held ON handed (stream, person, tab) WHERE state = 'open';
CREATE INDEX handed_told ON handed (stream, person, told) WHERE state = 'answered';
CREATE INDEX handed_tab ON handed (stream, person, tab, told) WHERE state = 'answered';
CREATE INDEX event_late ON event (stream, seq) WHERE kind = 'late';
CREATE INDEX item_by_state ON item (stream, state, last_seq);
CREATE INDEX answer_asked ON answer (stream, seq) WHERE counted AND query IS NOT NULL;
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
CREATE TRIGGER flag_comes AFTER INSERT ON flag
BEGIN
    INSERT INTO tally VALUES (NEW.stream, 'flagged', 1) ON CONFLICT (stream, state) DO UPDATE SET items = items + 1;
END;
CREATE TRIGGER flag_goes AFTER DELETE ON flag
BEGIN
    UPDATE tally SET items = items - 1 WHERE stream = OLD.stream AND state = 'flagged';
END;
CREATE INDEX queue_by_role ON queue (role, place);
COMMIT;
