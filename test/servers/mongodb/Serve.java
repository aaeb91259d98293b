import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.ServerVersion;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import de.bwaldvogel.mongo.wire.message.MongoQuery;
import io.netty.channel.Channel;

/** A server that speaks MongoDB's protocol and keeps its data in memory, until it is ended. */
public class Serve {
  /** Says that it is one version of the protocol newer than it says, as today's drivers want: they use nothing of it here. */
  static class Backend extends MemoryBackend {
    @Override
    public Document handleCommand(Channel channel, String database, String command, Document query) {
      return newer(super.handleCommand(channel, database, command, query));
    }

    @Override
    public QueryResult handleQuery(MongoQuery query) {
      QueryResult result = super.handleQuery(query);
      for (Document document : result) newer(document);
      return result;
    }

    @Override
    public Document handleMessage(MongoMessage message) {
      return newer(super.handleMessage(message));
    }

    private static Document newer(Document document) {
      if (document != null && document.containsKey("maxWireVersion")) document.put("maxWireVersion", 9);
      return document;
    }
  }

  public static void main(String[] port) throws InterruptedException {
    Backend backend = new Backend();
    backend.version(ServerVersion.MONGO_5_0);
    new MongoServer(backend).bind("127.0.0.1", Integer.parseInt(port[0]));
    Thread.currentThread().join();
  }
}
